import type { Command } from 'commander'
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

/** Adds `otel-usage inspect`, for a product that does not run. */
export function addInspectCommand(program: Command, context: Surroundings): void {
  program
    .command('inspect')
    .description(
      `See and end the usage telemetry of a product that does not run, by its state: ${[...OFFERED].join(', ')}.`,
    )
    .argument('<state>', 'Directory of the state, or the address of a PostgreSQL database (postgres://…).')
    .argument('[command...]', 'What to do, with its options. Default: status.')
    .option('--product <name>', 'Name of the product, where several have their state in one place.')
    .option('--table <name>', 'Table of the state in a PostgreSQL database.')
    .passThroughOptions()
    .action(async (state: string, args: string[], options: InspectOptions) => {
      const { inspect } = await import('./inspect.ts')
      context.exitCode = await inspect(context, state, args.length === 0 ? ['status'] : args, options)
    })
}
