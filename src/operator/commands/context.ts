import type { Clock, Environment } from '../../platform/index.ts'
import type { OperatedTelemetry } from '../operations/index.ts'
import type { Output, Terminal } from './terminal.ts'

/** Surroundings of the commands. */
export interface TelemetryIo {
  /** Default: standard output. */
  readonly stdout?: Output
  /** Default: standard error. */
  readonly stderr?: Output
  /** Standard input, for the question of `forget`. Default: standard input of the process. */
  readonly stdin?: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  /** Default: the environment of the process. */
  readonly environment?: Environment
  /** Default: the system's. */
  readonly clock?: Clock
  /** Ends `log --follow`. Default: Ctrl-C ends the process. */
  readonly signal?: EndSignal
  /** Words by which people call the commands, for help and hints. Default: the product's name and `telemetry`: `acme-db telemetry`. */
  readonly name?: string
  /** Person who chooses, for the history of consent. Default: the user of the process, as the system names that user. */
  readonly by?: string
}

/** Signal that ends a command, such as an `AbortSignal`. */
export interface EndSignal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** Surroundings of one command, with the defaults filled in. */
export interface Context {
  readonly usage: OperatedTelemetry
  readonly stdout: Output
  readonly stderr: Output
  readonly stdin: NonNullable<TelemetryIo['stdin']>
  readonly terminal: Terminal
  readonly clock: Clock
  readonly signal: EndSignal | undefined
  readonly environment: Environment
  readonly name: string
  readonly by: string
  /** `true` if standard output gets a document, and nothing else is written. */
  readonly isJson: boolean
  /** Names of the commands that there are; all, if absent. Some are not there for a product that does not run. */
  readonly offered: ReadonlySet<string> | undefined
}

/** Result of a command: a document for programs, lines for people. */
export interface Answer {
  readonly json: unknown
  readonly lines: readonly string[]
  /** Default: 0. */
  readonly code?: number
}

/** Exit codes, the same for all commands. */
export const EXIT = {
  done: 0,
  /** It was not done: the message says why. */
  failed: 1,
  /** An unknown command or option, or a value that cannot be used. */
  calledWrongly: 2,
  /** A source outside of the product comes before the choice. */
  locked: 3,
  /** The choice or the erasure did not reach the state. */
  notStored: 4,
  /** There is no such report. */
  notFound: 5,
} as const

/** Command that cannot be carried out, with its exit code. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly code: string
  readonly exitCode: number

  constructor(message: string, exitCode: number, code = 'ERR_USAGE_COMMAND') {
    super(message)
    this.exitCode = exitCode
    this.code = code
  }

  asFailure() {
    const { message, code, exitCode } = this
    return { message, code, exitCode }
  }
}
