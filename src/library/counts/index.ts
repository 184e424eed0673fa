/**
 * What processes count, in the state store, and which of it is in which report. README.md in this folder has the states, the invariants and
 * the races, and says why no step needs a lock.
 *
 * Here is what a host needs from its start on. `log.ts` is the other door of the room: all of it, loaded with the first report.
 */
export type { Counter } from './counter-entry.ts'
export { createLocalCounter, type LocalCounter } from './local-counter.ts'
