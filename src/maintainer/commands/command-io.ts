import type { Writable } from 'node:stream'
import { type Clock, type Environment, systemClock, systemEnvironment } from '../../platform/index.ts'
import { secretsIn, withoutSecrets } from '../package/index.ts'

/** Surroundings of a command: streams, environment and clock. */
export interface CommandIo {
  /** Default: standard output. */
  readonly stdout?: Writable
  /** Default: standard error. */
  readonly stderr?: Writable & { readonly isTTY?: boolean }
  /** Default: the environment of the process. */
  readonly environment?: Environment
  /** Time that expiries are compared with. Default: the system's. */
  readonly clock?: Clock
  /** Ends `gateway up`. Default: Ctrl-C, SIGTERM or SIGHUP to the process. */
  readonly signal?: AbortSignal
}

/** {@link CommandIo} with its defaults filled in. */
export interface CommandContext {
  /** Standard output as it is: for files and statements, in which a password such as `usage` may be an ordinary word. */
  readonly plain: Writable
  /** Standard output for messages, without secrets. */
  readonly stdout: Writable
  /** Standard error, without secrets. */
  readonly stderr: Writable & { readonly isTTY?: boolean }
  /** Texts that are hidden in `stdout` and `stderr`. A command adds the secrets that it learns. */
  readonly secrets: string[]
  readonly environment: Environment
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
  /** Exit code of the process, 0 at first. A command that fails without an error sets it. */
  exitCode: number
}

/** Returns the surroundings with their defaults filled in. */
export function contextOf(io: CommandIo): CommandContext {
  const { environment = systemEnvironment(), clock = systemClock, signal } = io
  const { stdout = process.stdout, stderr = process.stderr } = io
  const secrets = secretsIn(environment)
  return {
    plain: stdout,
    stdout: withoutSecretsIn(stdout, secrets),
    stderr: withoutSecretsIn(stderr, secrets),
    ...{ secrets, environment, clock, signal },
    exitCode: 0,
  }
}

/** Returns the stream with secrets hidden in everything that is written to it. */
const withoutSecretsIn = <Stream extends Writable>(stream: Stream, secrets: readonly string[]): Stream =>
  Object.create(stream, {
    write: { value: (text: unknown) => stream.write(withoutSecrets(String(text), secrets)) },
  })
