import type { Fault } from '../stage.ts'
import { clocks } from './clocks.ts'
import { disks } from './disks.ts'
import { kills } from './kills.ts'
import { network } from './network.ts'
import { processes } from './processes.ts'
import { realDisks } from './real-disks.ts'

/** What the library does wrong and is not mended yet, by the name of the fault: these are played only by their names. */
const KNOWN: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      'full-at-the-end',
      'full-from-the-start',
      'nearly-full-at-the-end',
      'read-only-from-the-start',
      'io-errors-at-the-end',
    ].map((name) => [name, 'what is sent and cannot be written down is sent again by the next process']),
  ),
  ...Object.fromEntries(
    ['no-permission', 'no-permission-at-the-end', 'no-handles'].map((name) => [
      name,
      'report() rejects when a count cannot be read',
    ]),
  ),
  'io-errors-in-reading': 'a settlement that cannot be read for a moment brings back what was delivered',
  'directory-removed': 'a report with nothing new to count reports again what was delivered',
}

/** Everything that can go wrong. */
export const faults: readonly Fault[] = [
  ...[...kills, ...disks, ...realDisks, ...network, ...clocks, ...processes].map((fault) => {
    const known = KNOWN[fault.name]
    return known === undefined ? fault : { ...fault, known }
  }),
]
