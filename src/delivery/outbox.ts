import { ENTRIES, type StateStore } from '../state/index.ts'

/** Reports that wait to be sent: one entry of the state store each, its content the bytes of the report. */
export interface Outbox {
  put(reportId: string, bytes: Uint8Array): Promise<void>
  /** The ids of the waiting reports, oldest first: a report id begins with its time. */
  waiting(): Promise<string[]>
  read(reportId: string): Promise<Uint8Array | undefined>
  /** Ends the waiting of a report. Only after its outcome is known. */
  remove(reportId: string): Promise<void>
}

export function createOutbox(store: StateStore): Outbox {
  const entryOf = (reportId: string) => `${ENTRIES.outbox}/${reportId}.json`
  return {
    put: (reportId, bytes) => store.write(entryOf(reportId), bytes),
    async waiting() {
      const names = await store.list(ENTRIES.outbox)
      return names.flatMap((name) => /^outbox\/([0-9a-f-]{36})\.json$/.exec(name)?.[1] ?? [])
    },
    read: (reportId) => store.read(entryOf(reportId)),
    remove: (reportId) => store.remove(entryOf(reportId)),
  }
}
