/** Who reports: a random id that exists only once something may be sent. */
export { createInstallation, type Installation } from './installation.ts'
