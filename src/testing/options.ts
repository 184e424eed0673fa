import type { Duration, Environment } from '../platform/index.ts'
import type { Tracer } from './types.ts'

/** Options of {@link observeHost}. */
export interface ObserveOptions {
  /** Program of the host and its arguments, such as `[process.execPath, 'server.js', '--check']`. Started without a shell. */
  readonly command: readonly string[]
  /** Complete environment variables of the host. Default: those of this process. */
  readonly environment?: Environment
  /** Working directory of the host. Default: the working directory of this process. */
  readonly cwd?: string
  /**
   * State directory of the host's usage telemetry. An `installation.json` in the directory is an identity file. Default: every
   * `installation.json` is an identity file, in any directory.
   */
  readonly stateDirectory?: string
  /** Time limit of the run, in milliseconds or as a text such as `30s`. Default: `30s`. */
  readonly timeout?: Duration
  /** For a server, which does not end by itself: the host gets SIGTERM as soon as the function returns `true` for its output so far. */
  readonly stopWhen?: (output: { readonly stdout: string; readonly stderr: string }) => boolean
  /** Method of observation. Default: `auto`, which uses strace if it works on this machine, and otherwise hooks in Node.js. */
  readonly tracer?: Tracer | 'auto'
}

/** {@link ObserveOptions} with all defaults, and a temporary directory (`scratch`) for one observation. */
export interface ObservationPlan extends Omit<ObserveOptions, 'tracer'> {
  readonly environment: Environment
  readonly cwd: string
  readonly timeout: number
  readonly scratch: string
}
