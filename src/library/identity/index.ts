/** Identity of the installation: an id, or only an age, created when a report may be sent for the first time. */
export { createAdoption } from './adoption.ts'
export {
  askForMachine,
  createInstallation,
  type Identified,
  type Installation,
  type KeptInstallation,
} from './installation.ts'
export { type IdentityPolicy, joinsReports } from './policy.ts'
