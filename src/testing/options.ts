import type { Duration, Environment } from '../platform/index.ts'
import type { Tracer } from './types.ts'

export interface ObserveOptions {
  /** The host's program and its arguments, such as `[process.execPath, 'server.js', '--check']`. Started without a shell. */
  readonly command: readonly string[]
  /** All of the host's environment variables. Default: those of this process. */
  readonly environment?: Environment
  /** Where the host runs. Default: where this process does. */
  readonly cwd?: string
  /**
   * Where the host keeps the state of its usage telemetry; an `installation.json` in it is an identity file. Default: every
   * `installation.json`, wherever it is.
   */
  readonly stateDirectory?: string
  /** How long the host may take. Default: `30s`. */
  readonly timeout?: Duration
  /** For a server that does not end by itself: it gets SIGTERM as soon as what it has printed satisfies this. */
  readonly stopWhen?: (output: { readonly stdout: string; readonly stderr: string }) => boolean
  /** Who watches. Default: `auto`, which is strace where it can trace, and otherwise the hooks in Node.js. */
  readonly tracer?: Tracer | 'auto'
}

/** {@link ObserveOptions}, complete, and a directory for the length of one observation. */
export interface ObservationPlan extends Omit<ObserveOptions, 'tracer'> {
  readonly environment: Environment
  readonly cwd: string
  readonly timeout: number
  readonly scratch: string
}
