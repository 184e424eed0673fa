import { IS_UUID } from '../../catalog/index.ts'
import { Buffer } from '../../platform/index.ts'
import { readReport } from './read-report.ts'

/**
 * Text of the only metric of an erasure request. Values in a report cannot contain it, because quotation marks are escaped in them. A
 * search for it is faster than parsing, which matters for all lines of the ledger.
 */
const MARK = '"name":"usage.forget"'

/** Returns `true` for an erasure request. It has the id of the installation, so it is not kept in the ledger. */
export const isErasureRequest = (report: Uint8Array): boolean => Buffer.from(report).includes(MARK)

/** Returns the id of the installation in a report; `undefined` if the report has none. */
export function installationIn(report: Uint8Array): string | undefined {
  const id = readReport(report)?.attributes['service.instance.id']
  return typeof id === 'string' && IS_UUID.test(id) ? id : undefined
}
