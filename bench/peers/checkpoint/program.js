/** Only loads the package: a check starts a separate process. */
export const start = () => import('checkpoint-client')
