/** Only loaded: a check asks the registry. */
export const start = () => import('simple-update-notifier')
