/** Who reports: an id, or only an age, that exists once something may be sent. */
export { askForMachine, createInstallation, type Identified, type Installation } from './installation.ts'
export { type IdentityPolicy, joinsReports } from './policy.ts'
