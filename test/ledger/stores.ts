/** The stores that a ledger is tried on, and entries for it. */
import type { LedgerEntry, NewLedgerEntry } from '../../src/library/ledger/index.ts'
import {
  createDirectoryStore,
  createMemoryStore,
  type StateStore,
  storeWithMemoryFallback,
} from '../../src/state/index.ts'
import { createLog } from '../support/log.ts'

export const stores: Record<string, (directory: string) => StateStore> = {
  directory: createDirectoryStore,
  memory: createMemoryStore,
  'resilient directory': (directory) => storeWithMemoryFallback(createDirectoryStore(directory), createLog()),
  'a store that cannot rename': () => withoutRename(createMemoryStore()),
}

export function withoutRename({ rename: _, ...store }: StateStore): StateStore {
  return store
}

/** Two months ago: a segment ends with a report of that age, and a report is removed after a year. */
const OLD = new Date(Date.now() - 60 * 86_400_000).toISOString()

export const entry = (over: Partial<NewLedgerEntry> = {}): NewLedgerEntry => ({
  at: OLD,
  reportId: '01a1fd46-2141-78d9-b2ae-7a22907cad99',
  outcome: 'sent',
  reason: 'DO_NOT_TRACK=1',
  endpoint: 'https://usage.acme.example/v1/metrics',
  bytes: Buffer.from('{"resourceMetrics":[]}'),
  ...over,
})

export async function idsIn(entries: AsyncIterable<LedgerEntry>): Promise<string[]> {
  return (await Array.fromAsync(entries)).map(({ reportId }) => reportId)
}

/** The names of everything that the ledger has in a store, oldest first. */
export async function partsOf(store: StateStore): Promise<string[]> {
  const current = (await store.read('ledger.jsonl')) ? ['ledger.jsonl'] : []
  return [...(await store.list('ledger')), ...current]
}

/** How many bytes the log takes. */
export async function sizeOf(store: StateStore): Promise<number> {
  const contents = await Promise.all((await partsOf(store)).map((name) => store.read(name)))
  return contents.reduce((size, content) => size + (content?.length ?? 0), 0)
}
