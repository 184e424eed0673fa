/**
 * Where the library keeps what must outlive the process: named entries of bytes. A directory, memory, or a store of the
 * host's own. Names are lower-case words with `-`, `.` and at most one `/`.
 */
export interface StateStore {
  /** Where it is, as a message to the operator names it. */
  readonly location: string
  /** Whether several machines have it in common, so that it is no copy where another machine finds it. Default: false. */
  readonly shared?: boolean
  /**
   * Whether a call that does not answer holds a thread of the process, as calls of a file system do: then no other one is made until it
   * has answered. Default: false, and another one is made after a minute.
   */
  readonly blocking?: boolean
  /** The entry's bytes; `undefined` where there is none. Rejects when it is there and cannot be read. */
  read(name: string): Promise<Uint8Array | undefined>
  /** Replaces an entry as a whole: whoever reads sees the old bytes or the new ones, also after a crash. */
  write(name: string, data: string | Uint8Array): Promise<void>
  /**
   * Makes an entry that is not there yet, as a whole; `false` where there is one, which is left as it is. Of several
   * processes that make the same entry at once, one succeeds: what they have to agree on, they agree on by this.
   */
  create(name: string, data: string | Uint8Array): Promise<boolean>
  /**
   * Adds a line to the end of an entry. `line` holds no line break; the store adds it, and one before it where the entry does
   * not end with one: what a crash has torn does not spoil what comes after it.
   */
  append(name: string, line: string): Promise<void>
  /** Removes an entry; nothing happens where there is none. */
  remove(name: string): Promise<void>
  /**
   * Gives an entry another name, one that was never used, in one step; nothing happens where there is no entry. A line that another
   * process is just adding ends up in it all the same, under either name. What a store cannot do that way it leaves out:
   * then the ledger has no entry with a fixed name.
   */
  rename?(from: string, to: string): Promise<void>
  /** The names of all entries below a folder (`'outbox'`), sorted. */
  list(folder: string): Promise<string[]>
  /**
   * Clears away what writes have left that were never finished. Called with each report. A store that leaves nothing of the kind can leave
   * it out.
   */
  tidy?(): Promise<void>
  /** What is known to be wrong with it, for `usage.status()`. A store that knows of nothing can leave it out. */
  health?(): StoreHealth
}

/** How a state store is, as far as this process has seen. */
export interface StoreHealth {
  /** Whether what is written outlives the process, and a loss of power. */
  readonly durable: boolean
  /** What is wrong, a sentence each. */
  readonly problems: readonly string[]
}
