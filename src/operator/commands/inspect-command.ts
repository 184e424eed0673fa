import type { Command } from 'commander'
import { type InspectOptions, OFFERED, type Surroundings } from './inspection.ts'

/** Adds `otel-usage inspect`, for a product that does not run. */
export function addInspectCommand(program: Command, context: Surroundings): void {
  program
    .command('inspect')
    .description(
      `See and end the usage telemetry of a product that does not run, by its state: ${[...OFFERED].join(', ')}.`,
    )
    .argument('<state>', 'Directory of the state, or the address of a PostgreSQL database (postgres://…).')
    .argument('[command...]', 'What to do, with its options. Default: status.')
    .option('--product <name>', 'Name of the product, where several share a state store.')
    .option('--table <name>', 'Table of the state in a PostgreSQL database.')
    .passThroughOptions()
    .action(async (state: string, args: string[], options: InspectOptions) => {
      const { inspect } = await import('./inspect.ts')
      context.exitCode = await inspect(context, state, args.length === 0 ? ['status'] : args, options)
    })
}
