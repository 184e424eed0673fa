/** Only loaded: a check starts a process of its own. */
export const start = () => import('checkpoint-client')
