/**
 * Loaded by tests whose store goes by days: waits until midnight, UTC, is past where it is near. The clock of a real store is the
 * machine's, and what was today when a test began would be yesterday when it asks.
 */
import { setTimeout } from 'node:timers/promises'

/** Time that the tests of a file need on one day, in milliseconds. */
const NEEDED = 4 * 60_000

const left = 86_400_000 - (Date.now() % 86_400_000)
if (left < NEEDED) await setTimeout(left + 1_000)
