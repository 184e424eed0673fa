import {
  answerOfHost,
  Buffer,
  type Clock,
  errorOf,
  sha256,
  TextDecoder,
  TextEncoder,
} from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { reportBytes } from '../otlp/index.ts'
import type { ExportDocument } from './result.ts'
import { type Outcomes, takeSendingLease, type WaitingReports } from './waiting-reports.ts'

/** Saves a document. The reports in it count as delivered when it returns, or when the promise that it returns resolves. */
export type SaveExport = (document: ExportDocument) => unknown

/** Result of exporting the waiting reports. */
export interface Exported {
  readonly outcomes: Outcomes
  /** Document that was saved; absent if none was. */
  readonly document?: ExportDocument
  /** Reason why no document was saved, or why reports still wait; absent if neither is so. */
  readonly problem?: string | undefined
}

export interface ExportWaitingOptions {
  readonly state: StateStore
  readonly clock: Clock
  /** Address of the receiver, as in the ledger. */
  readonly endpoint: string
  readonly readVerdict: () => Promise<Verdict>
  readonly maySend: (verdict: Verdict) => boolean
}

/**
 * Puts the waiting reports into one document, oldest first, and records them as exported once it is saved. A crash in between leaves the
 * document, and the reports wait: they are sent or exported again, and the receiver knows them by their ids.
 */
export async function exportWaiting(
  all: readonly WaitingReports[],
  { state, clock, endpoint, readVerdict, maySend }: ExportWaitingOptions,
  save: SaveExport,
): Promise<Exported> {
  const outcomes: Outcomes = new Map()
  const lease = await takeSendingLease(state, clock)
  if (!lease) return { outcomes, problem: 'another process is sending reports right now; ask again' }
  try {
    const verdict = await readVerdict()
    if (!maySend(verdict)) return { outcomes, problem: verdict.because }
    let [count, size] = [0, 0]
    const fits = ({ bytes }: { readonly bytes: Uint8Array }) => {
      count++
      size += bytes.length
      return count <= MAX_DOCUMENT_REPORTS && size <= MAX_DOCUMENT_BYTES
    }
    const chosen = []
    for (const waiting of all) chosen.push(...(await waiting.permitted(verdict, fits)))
    if (chosen.length === 0) return { outcomes, problem: 'no report waits that may be exported' }
    const document = documentOf(chosen, endpoint)
    await answerOfHost(() => save(document), { clock, within: MAX_SAVE_TIME })
    const reason = `in a document with SHA-256 ${document.sha256}`
    const ids = new Set(document.reportIds)
    for (const waiting of all)
      await waiting.handleAll(async (report, content) => {
        if (!ids.has(report.reportId)) {
          const hindrance = waiting.reasonNotToSend(verdict, content)
          return hindrance !== undefined && waiting.discard(report, hindrance, outcomes, verdict)
        }
        await waiting.end(report, 'exported', reason, verdict)
        outcomes.set(report.reportId, { outcome: 'exported', reason })
        return true
      }, lease)
    const isRecorded = document.reportIds.every((id) => outcomes.has(id))
    const problem = isRecorded ? await left(all) : NOT_RECORDED
    return { outcomes, document, problem }
  } catch (error) {
    return { outcomes, problem: `the export was not saved: ${errorOf(error).message}` }
  } finally {
    await lease.release().catch(() => {})
  }
}

async function left(all: readonly WaitingReports[]): Promise<string | undefined> {
  const numbers = await Promise.all(all.map(({ backend }) => backend.outbox.numbers().catch(() => [])))
  const count = numbers.flat().length
  if (count === 0) return undefined
  return `${count === 1 ? 'one report still waits' : `${count} reports still wait`}, because a document is full; export again`
}

/** Joins reports into one request. */
function documentOf(
  reports: ReadonlyArray<{ readonly reportId: string; readonly bytes: Uint8Array }>,
  endpoint: string,
): ExportDocument {
  const items = reports.map((report) => itemsIn(new TextDecoder().decode(report.bytes)))
  const bytes = new TextEncoder().encode(`${START}${items.join(',')}${END}`)
  return {
    bytes: reportBytes(bytes),
    sha256: Buffer.from(sha256(bytes)).toString('hex'),
    endpoint,
    reportIds: reports.map(({ reportId }) => reportId),
  }
}

/** Returns what is between the brackets of a report: as it is, if the library has written it. */
function itemsIn(text: string): string {
  const report = JSON.parse(text)
  const isPlain = Object.keys(report).length === 1 && text.startsWith(START) && text.endsWith(END)
  return isPlain ? text.slice(START.length, -END.length) : JSON.stringify(report.resourceMetrics).slice(1, -1)
}

const START = '{"resourceMetrics":['
const END = ']}'

/** Largest number of reports in a document: the gateway refuses requests with more resources. */
const MAX_DOCUMENT_REPORTS = 16

/** Largest size of the reports in a document, in bytes. The gateway takes requests of up to 262,144. */
const MAX_DOCUMENT_BYTES = 250_000

/** Longest time of saving a document, in milliseconds: no report is made or sent meanwhile. */
const MAX_SAVE_TIME = 120_000

const NOT_RECORDED =
  'the document is saved, but that could not be recorded: its reports wait, and may reach the receiver twice, under the same ids'
