/** Identity of the installation: an id, or only an age, created when a report may be sent for the first time. */
export { askForMachine, createInstallation, type Identified, type Installation } from './installation.ts'
export { type IdentityPolicy, joinsReports } from './policy.ts'
