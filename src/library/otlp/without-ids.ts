import { UUID } from '../../catalog/index.ts'
import { TextDecoder } from '../../platform/index.ts'

/**
 * Returns a report for the log of the host, which more people read than the ledger. With the id of an installation it can be erased, and
 * some reports have those of a cluster's other nodes: all but the report's own id are left out.
 */
export function withoutIds(bytes: Uint8Array, reportId: string): string {
  const isShown = (id: string) => id.toLowerCase() === reportId
  return new TextDecoder().decode(bytes).replaceAll(UUIDS, (id) => (isShown(id) ? id : '(in the ledger)'))
}

const UUIDS = new RegExp(UUID, 'gi')
