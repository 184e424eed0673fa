import { Buffer, TextDecoder } from '../../platform/index.ts'

/** How the one metric of a request to be forgotten stands in its bytes. In a text of a report its quotation marks are escaped. */
const MARK = '"name":"usage.forget"'

/** Whether a report asks the receiver to erase an installation. It names that, so it is not kept in the log. */
export const isErasureRequest = (report: Uint8Array): boolean => Buffer.from(report).includes(MARK)

/** The id of the installation that a report is from; `undefined` where it names none. */
export const installationIn = (report: Uint8Array): string | undefined =>
  INSTALLATION.exec(new TextDecoder().decode(report))?.[1]

const INSTALLATION =
  /\{"key":"service\.instance\.id","value":\{"stringValue":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"\}\}/
