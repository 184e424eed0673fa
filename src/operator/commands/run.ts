import { userInfo } from 'node:os'
import { type Command, CommanderError } from 'commander'
import {
  errorOf,
  keepingProcessAlive,
  ownOf,
  process,
  systemClock,
  systemEnvironment,
} from '../../platform/index.ts'
import { type OperatedTelemetry, shown } from '../operations/index.ts'
import { type Answer, CommandFailure, type Context, EXIT, type TelemetryIo } from './context.ts'
import { asSentence, createProgram } from './program.ts'
import { createTerminal, type Output } from './terminal.ts'

/**
 * Runs one of the commands about a product's usage telemetry, such as `['status', '--json']`, and resolves to its exit code. The telemetry
 * does not need to be started. Never rejects.
 */
export function runTelemetryCommand(
  usage: OperatedTelemetry,
  args: readonly string[],
  io: TelemetryIo = {},
): Promise<number> {
  return runOffered(usage, args, io)
}

/** Runs a command, and sets the exit code of the process. */
export async function runAsProcess(
  usage: OperatedTelemetry,
  args: readonly string[],
  io?: TelemetryIo,
): Promise<void> {
  process.exitCode = await runTelemetryCommand(usage, args, io)
}

/** Runs a command as {@link runTelemetryCommand} does. `offered` has the names of the commands that there are; default: all. */
export function runOffered(
  usage: OperatedTelemetry,
  args: readonly string[],
  io: TelemetryIo,
  offered?: ReadonlySet<string>,
): Promise<number> {
  return keepingProcessAlive(() => run(usage, args, ownOf(io), offered))
}

async function run(
  usage: OperatedTelemetry,
  args: readonly string[],
  io: TelemetryIo,
  offered: ReadonlySet<string> | undefined,
): Promise<number> {
  const { stdout = process.stdout, stderr = process.stderr, stdin = process.stdin } = io
  const { environment = systemEnvironment(), clock = systemClock, signal } = io
  const isJson = args.includes('--json')
  for (const stream of [stdout, stderr]) endQuietly(stream)
  let code: number = EXIT.done
  try {
    const context: Context = {
      ...{ usage, stdout, stderr, stdin, environment, clock, signal, isJson, offered },
      terminal: createTerminal(stdout, environment),
      name: io.name ?? `${(await usage.status()).product.name} telemetry`,
      by: io.by ?? systemUser(),
    }
    const program: Command = createProgram(context, {
      answer(answer) {
        stdout.write(isJson ? `${JSON.stringify(answer.json)}\n` : textOf(answer))
        code = answer.code ?? EXIT.done
      },
      end(exitCode) {
        code = exitCode
      },
    })
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    // Commander has written its message, or the help.
    if (error instanceof CommanderError && (error.exitCode === 0 || !isJson))
      return error.exitCode === 0 ? EXIT.done : EXIT.calledWrongly
    return writeFailure(error, { stdout, stderr, environment, isJson })
  }
}

/** Streams whose errors are looked at. */
const looked = new WeakSet<object>()

/** Lets a command end in silence, with its exit code, where its reader has seen enough, such as `head`, and has closed the pipe. */
function endQuietly(stream: Output): void {
  if (looked.has(stream)) return
  looked.add(stream)
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

/** Writes a failure, as a document where that is asked for, and returns its exit code. */
export function writeFailure(
  error: unknown,
  { stdout, stderr, environment, isJson }: Pick<Context, 'stdout' | 'stderr' | 'environment' | 'isJson'>,
): number {
  const { message, code, exitCode } = failureOf(error)
  if (isJson) stdout.write(`${JSON.stringify({ error: { code, message } })}\n`)
  else stderr.write(`${createTerminal(stderr, environment).bad(shown(message))}\n`)
  return exitCode
}

const textOf = ({ lines }: Answer) => `${lines.join('\n')}\n`

/** Exit codes of what the telemetry throws where a person's decision cannot be carried out. */
const EXIT_CODES: Readonly<Record<string, number>> = {
  ERR_USAGE_CONSENT_LOCKED: EXIT.locked,
  ERR_USAGE_NOT_STORED: EXIT.notStored,
  ERR_USAGE_CONSENT_DECISION: EXIT.calledWrongly,
}

function failureOf(error: unknown): { message: string; code: string; exitCode: number } {
  if (error instanceof CommandFailure) return error.asFailure()
  if (error instanceof CommanderError)
    return {
      message: asSentence(`error: ${error.message.replace(/^error: /, '')}\n`).trimEnd(),
      code: 'ERR_USAGE_COMMAND',
      exitCode: EXIT.calledWrongly,
    }
  const { message, code = 'ERR_USAGE_COMMAND' } = errorOf(error)
  return { message, code, exitCode: EXIT_CODES[code] ?? EXIT.failed }
}

/** Returns the user of the process by name, for the history; by number where the system has no name. */
function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    return `user ${process.getuid?.() ?? ''}`.trim()
  }
}
