/**
 * Counts of processes in the state store, and their shares in reports. README.md in this folder has the states, the invariants and the
 * races, and says why no step needs a lock.
 *
 * This door has the part that a host needs from its start. `log.ts` is the second door, with all of the room, loaded at the first report.
 */
export type { Counter } from './counter-entry.ts'
export { createLocalCounter, type LocalCounter } from './local-counter.ts'
