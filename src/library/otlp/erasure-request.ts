import { UUID } from '../../catalog/index.ts'
import { Buffer } from '../../platform/index.ts'
import { readReport } from './read-report.ts'

/**
 * How the one metric of an erasure request stands in its bytes. In a text of a report its quotation marks are escaped. It is looked for
 * without reading the report: each line of the ledger is asked.
 */
const MARK = '"name":"usage.forget"'

/** Returns whether a report asks the receiver to erase an installation. It names that, so it is not kept in the log. */
export const isErasureRequest = (report: Uint8Array): boolean => Buffer.from(report).includes(MARK)

/** Returns the id of the installation that a report is from; `undefined` where it names none. */
export function installationIn(report: Uint8Array): string | undefined {
  const id = readReport(report)?.attributes['service.instance.id']
  return typeof id === 'string' && INSTALLATION.test(id) ? id : undefined
}

const INSTALLATION = new RegExp(`^${UUID}$`)
