/**
 * For a product's own command `telemetry`: what an operator sees and decides at a terminal. Importing it loads nothing; a command loads
 * what it needs when it runs.
 *
 * @module otel-usage/cli
 */
import type { TelemetryIo } from './operator/commands/index.ts'
import type { OperatedTelemetry } from './operator/operations/index.ts'

export type { EndSignal, Output, TelemetryIo } from './operator/commands/index.ts'
export type { OperatedTelemetry } from './operator/operations/index.ts'

/**
 * Runs one of the commands about a product's usage telemetry, such as `['status', '--json']`, and resolves to its exit code, which the
 * product passes on. The telemetry does not need to be started. Never rejects.
 */
export async function runTelemetryCommand(
  usage: OperatedTelemetry,
  args: readonly string[],
  io?: TelemetryIo,
): Promise<number> {
  return (await import('./operator/commands/index.ts')).runTelemetryCommand(usage, args, io)
}

/** As much of the `Command` of commander as is used, of any version. */
export interface CommanderProgram {
  command(signature: string): CommanderCommand
}

/** Command that {@link CommanderProgram} creates. */
export interface CommanderCommand {
  readonly args: readonly string[]
  description(text: string): this
  argument(name: string): this
  helpOption(isThere: boolean): this
  allowUnknownOption(): this
  action(run: () => Promise<void>): this
}

/**
 * Adds the command `telemetry` to a program of commander: what follows the word goes to {@link runTelemetryCommand}. Sets the exit code
 * of the process.
 */
export function addTelemetryCommand(
  program: CommanderProgram,
  usage: OperatedTelemetry,
  io?: TelemetryIo,
): void {
  const command = program.command('telemetry')
  command
    .description(DESCRIPTION)
    .argument('[arguments...]')
    .helpOption(false)
    .allowUnknownOption()
    .action(async () => {
      await runAsProcess(usage, command.args, io)
    })
}

/** Module of a command for yargs: `yargs().command(telemetryCommandModule(usage))`. */
export interface TelemetryCommandModule {
  readonly command: string
  readonly describe: string
  builder<Y extends YargsInstance>(yargs: Y): Y
  handler(given: Readonly<Record<string, unknown>>): Promise<void>
}

/** As much of an instance of yargs as is used. */
export interface YargsInstance {
  help(isThere: boolean): this
  version(isThere: boolean): this
  parserConfiguration(configuration: Readonly<Record<string, boolean>>): this
}

/** Returns the command `telemetry` as a module for yargs: what follows the word goes to {@link runTelemetryCommand}. */
export function telemetryCommandModule(usage: OperatedTelemetry, io?: TelemetryIo): TelemetryCommandModule {
  return {
    command: 'telemetry [arguments..]',
    describe: DESCRIPTION,
    builder: (yargs) =>
      yargs
        .help(false)
        .version(false)
        .parserConfiguration({ 'unknown-options-as-args': true, 'parse-positional-numbers': false }),
    async handler({ arguments: given }) {
      const args = Array.isArray(given) ? given.map(String) : []
      await runAsProcess(usage, args, io)
    },
  }
}

async function runAsProcess(
  usage: OperatedTelemetry,
  args: readonly string[],
  io?: TelemetryIo,
): Promise<void> {
  await (await import('./operator/commands/index.ts')).runAsProcess(usage, args, io)
}

const DESCRIPTION = 'See and decide what is reported about the usage of this product.'
