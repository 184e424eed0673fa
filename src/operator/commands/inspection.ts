import type { Clock, Environment } from '../../platform/index.ts'
import type { Output } from './terminal.ts'

/** Commands about a product that does not run: those that ask it for no value, and the no. */
export const OFFERED: ReadonlySet<string> = new Set([
  'status',
  'explain',
  'off',
  'log',
  'show',
  'diff',
  'facts',
  'history',
])

/** Surroundings that the program gives its commands. */
export interface Surroundings {
  /** Standard output as it is. */
  readonly plain: Output
  readonly stderr: Output
  readonly environment: Environment
  readonly clock: Clock
  exitCode: number
}

export interface InspectOptions {
  readonly product?: string
  readonly table?: string
}
