/** What must outlive the process: atomic entries in a directory, in memory, or wherever the host keeps such things. */
export { createDirectoryStore } from './directory.ts'
export { ENTRIES } from './entries.ts'
export { type Lease, takeLease } from './lease.ts'
export { defaultStateDirectory } from './location.ts'
export { createMemoryStore } from './memory.ts'
export { createPostgresStore, type PostgresPool, type PostgresStoreOptions } from './postgres.ts'
export { createResilientStore } from './resilient.ts'
export type { StateStore } from './types.ts'
