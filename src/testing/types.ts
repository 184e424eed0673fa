/** How a host is watched: its system calls by strace, or Node.js by hooks from within. */
export type Tracer = 'strace' | 'node'

/** What a host whose usage telemetry is off does not do. */
export type ActionKind = 'socket' | 'dns' | 'child-process' | 'identity-file'

/** One thing that the host did. */
export interface HostAction {
  readonly kind: ActionKind
  /** What exactly, such as `connect AF_INET 127.0.0.1:4318`, `execve /bin/sh`, `openat …/installation.json`. */
  readonly detail: string
}

/** A host's run from its start to its exit. */
export interface HostObservation {
  /** Who watched. The two see different things: docs/testing.md. */
  readonly tracer: Tracer
  /** `null` when a signal ended it. */
  readonly exitCode: number | null
  /** The signal that ended it, or `null`. */
  readonly signal: NodeJS.Signals | null
  /** Whether it was told to end because of `stopWhen`. */
  readonly stopped: boolean
  readonly stdout: string
  readonly stderr: string
  /** Each different thing once, in the order of its first time; also those that failed. Empty: the host was silent. */
  readonly actions: readonly HostAction[]
}

/** Every action once, however often it happened. */
export function distinct(actions: readonly HostAction[]): HostAction[] {
  return [...new Map(actions.map((action) => [`${action.kind} ${action.detail}`, action])).values()]
}
