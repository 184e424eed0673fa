import type { Fault } from '../stage.ts'
import { clocks } from './clocks.ts'
import { disks } from './disks.ts'
import { kills } from './kills.ts'
import { network } from './network.ts'
import { processes } from './processes.ts'
import { realDisks } from './real-disks.ts'

/** Everything that can go wrong. */
export const faults: readonly Fault[] = [
  ...kills,
  ...disks,
  ...realDisks,
  ...network,
  ...clocks,
  ...processes,
]
