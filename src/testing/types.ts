/** Method of observing a host: system calls by strace, or hooks inside Node.js. */
export type Tracer = 'strace' | 'node'

/** Kind of action that a host does not do while its usage telemetry is off. */
export type ActionKind = 'socket' | 'dns' | 'child-process' | 'identity-file'

/** An action of the host. */
export interface HostAction {
  readonly kind: ActionKind
  /** Details, such as `connect AF_INET 127.0.0.1:4318`, `execve /bin/sh`, `openat …/installation.json`. */
  readonly detail: string
}

/** Observation of a host from its start to its exit. */
export interface HostObservation {
  /** Method that was used. docs/testing.md describes the differences between the two. */
  readonly tracer: Tracer
  /** Exit code of the host; `null` when a signal ended it. */
  readonly exitCode: number | null
  /** Signal that ended the host, or `null`. */
  readonly signal: NodeJS.Signals | null
  /** `true` when `stopWhen` returned `true`, so that the host got SIGTERM. */
  readonly stopped: boolean
  readonly stdout: string
  readonly stderr: string
  /** Actions without duplicates, in the order of their first occurrence, including failed attempts. Empty: the host was silent. */
  readonly actions: readonly HostAction[]
}

/** Returns the actions without duplicates, in the order of their first occurrence. */
export function distinct(actions: readonly HostAction[]): HostAction[] {
  return [...new Map(actions.map((action) => [`${action.kind} ${action.detail}`, action])).values()]
}
