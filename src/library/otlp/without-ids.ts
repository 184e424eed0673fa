import { UUID } from '../../catalog/index.ts'
import { TextDecoder } from '../../platform/index.ts'

/**
 * Returns a report for the host's log, which more people read than the ledger. Leaves out all ids but the report's: whoever knows the id
 * of an installation can have it erased, and some reports have the ids of a cluster's other nodes.
 */
export function withoutIds(bytes: Uint8Array, reportId: string): string {
  const isShown = (id: string) => id.toLowerCase() === reportId
  return new TextDecoder().decode(bytes).replaceAll(UUIDS, (id) => (isShown(id) ? id : '(in the ledger)'))
}

const UUIDS = new RegExp(UUID, 'gi')
