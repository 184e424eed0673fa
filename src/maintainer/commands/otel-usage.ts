import { Command, CommanderError } from 'commander'
import { LIBRARY_VERSION } from '../../platform/index.ts'
import { addCatalogCommand } from './catalog-command.ts'
import { type CommandContext, type CommandIo, contextOf } from './command-io.ts'
import { CALLED_WRONGLY, exitCodeOf, hintAt } from './failure.ts'
import { addFeedCommand } from './feed-command.ts'
import { addGatewayCommand } from './gateway-command.ts'
import { addInitCommand } from './init-command.ts'
import { addInsightsCommand } from './insights-command.ts'

/**
 * Adds one command, with its subcommands, to the program. Its actions write to the streams of the context. They throw a
 * {@link CallError} where the call cannot be carried out as it is written, and set `exitCode` of the context where they fail otherwise.
 */
export type AddCommand = (program: Command, context: CommandContext) => void

/** The commands, in the order of the help. Each one is a file of this folder. */
const COMMANDS: readonly AddCommand[] = [
  addInitCommand,
  addCatalogCommand,
  addFeedCommand,
  addGatewayCommand,
  addInsightsCommand,
]

const EXIT_CODES = `
Exit codes:
  0  Done. A check found no error.
  1  Failed, or a check found an error.
  2  Called wrongly: an unknown command or option, or a value or a file that cannot be used.`

/**
 * Runs the command `otel-usage` and returns its exit code: 0, 1 or 2 as its help says, or that of the Collector under `gateway guard`.
 * Throws nothing that a user of the command can bring about.
 *
 * @param more Commands of other people than the maintainer. Default: none.
 */
export async function runOtelUsage(
  args: readonly string[],
  io: CommandIo = {},
  more: readonly AddCommand[] = [],
): Promise<number> {
  const context = contextOf(io)
  const program = createProgram(context, more)
  let running = program
  program.hook('preAction', (_, command) => {
    running = command
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return context.exitCode
  } catch (error) {
    // Commander has written its message, or the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : CALLED_WRONGLY
    return exitCodeOf(error, context.stderr, nameOf(running))
  }
}

function createProgram(context: CommandContext, more: readonly AddCommand[]): Command {
  const { plain, stderr } = context
  const program = new Command('otel-usage')
    .description('Tools for the maintainer of a product that reports its usage with otel-usage.')
    .version(LIBRARY_VERSION, '-V, --version', 'Print the version of otel-usage.')
    .helpOption('-h, --help', 'Print this help.')
    .helpCommand('help [command]', 'Print the help of a command.')
    .addHelpText('afterAll', EXIT_CODES)
    // An option belongs to the command that it follows: `guard` passes on what follows its own.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => plain.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      outputError: (text, write) => write(asSentence(text)),
    })
  for (const add of [...COMMANDS, ...more]) add(program, context)
  showHints(program)
  return program
}

/** Width of a help text, in characters: the same on every terminal, so that it can be quoted. */
const HELP_WIDTH = 110

/** Turns the messages of commander, such as `error: unknown option '--x'`, into sentences, as all our messages are. */
const asSentence = (text: string) =>
  text
    .replace(/^error: (.)/, (_, first: string) => first.toUpperCase())
    .replace(/(?<![.?])\n\((Did you mean .+\?)\)$/m, '. $1')
    .replace(/(?<![.?])\n$/, '.\n')

/** Lets every command end its errors with the call that prints its own help. */
function showHints(command: Command): void {
  command.showHelpAfterError(hintAt(nameOf(command)))
  for (const each of command.commands) showHints(each)
}

const nameOf = (command: Command): string =>
  command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name()
