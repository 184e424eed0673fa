/**
 * Store of the state that must outlive the process: named entries of bytes, in a directory, in memory, or in a store of the host's.
 * Names are lower-case words with `-`, `.` and at most one `/`.
 */
export interface StateStore {
  /** Location of the store, as messages to the operator name it. */
  readonly location: string
  /** `true` if several machines share the store: then state that another machine finds is not a copy. Default: false. */
  readonly shared?: boolean
  /**
   * `true` if a call that does not answer blocks a thread of the process, as calls of a file system do: then no other call is made
   * until it has answered. Default: false, another call is made after a minute.
   */
  readonly blocking?: boolean
  /** Returns the bytes of an entry; `undefined` if the entry does not exist. Rejects if it exists and cannot be read. */
  read(name: string): Promise<Uint8Array | undefined>
  /**
   * Returns the last `length` bytes of an entry, all of them if it is shorter, and its size, without reading the rest. Otherwise like
   * `read`. A store that cannot do this leaves the method out: then the whole entry is read.
   */
  readEnd?(name: string, length: number): Promise<EntryEnd | undefined>
  /** Writes an entry atomically: a reader sees the old bytes or the new ones, also after a crash. */
  write(name: string, data: string | Uint8Array): Promise<void>
  /**
   * Creates an entry atomically. Returns `false` if the entry exists, and leaves it unchanged. If several processes create the same
   * entry at once, exactly one succeeds: this is how processes agree.
   */
  create(name: string, data: string | Uint8Array): Promise<boolean>
  /**
   * Appends a line to an entry. `line` has no line break; the store adds one after it, and one before it if the entry does not end
   * with one, so that a line torn by a crash does not damage the next line.
   */
  append(name: string, line: string): Promise<void>
  /** Removes an entry. Does nothing if the entry does not exist. */
  remove(name: string): Promise<void>
  /**
   * Renames an entry atomically to a name that was never used. Does nothing if the entry does not exist. A line that another process
   * is just appending must not be lost. A store that cannot do this leaves the method out: then the ledger has no entry with a fixed
   * name.
   */
  rename?(from: string, to: string): Promise<void>
  /** Returns the names of all entries below a folder (`'outbox'`), sorted. */
  list(folder: string): Promise<string[]>
  /**
   * Removes the leftovers of unfinished writes. Called with each report. Optional.
   */
  tidy?(): Promise<void>
  /** Returns the known problems of the store, for `usage.status()`. Optional. */
  health?(): StoreHealth
}

/** End of an entry, as of one moment. */
export interface EntryEnd {
  readonly bytes: Uint8Array
  /** Size of the whole entry, in bytes. */
  readonly size: number
}

/** Health of a state store, as far as this process has seen. */
export interface StoreHealth {
  /** `true` if written entries survive the end of the process and a loss of power. */
  readonly durable: boolean
  /** Problems, a sentence each. */
  readonly problems: readonly string[]
}
