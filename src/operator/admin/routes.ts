/** The operations of the interface. */
import * as v from 'valibot'
import type { LedgerEntry } from '../../library/ledger/index.ts'
import { codeOf, sha256, TextDecoder } from '../../platform/index.ts'
import { Refusal } from './problem.ts'
import { route } from './route.ts'
import { Decision, History, Made, Nothing, Page, Preview, Report, Status, Verdict } from './schemas.ts'
import type { AdministeredTelemetry } from './types.ts'

/** Largest number of entries on a page. */
const MAX_PAGE = 200

const ReportId = v.strictObject({
  reportId: v.pipe(v.string(), v.uuid(), v.description('Id of a report, as the history has it')),
})

const Level = v.strictObject({
  level: v.optional(
    v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(64),
      v.description('Level of the catalog, or off; what holds if absent. An unknown one has no report'),
    ),
  ),
})

const Paging = v.strictObject({
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^(?:[1-9]\d?|1\d\d|200)$/), v.description(`1 to ${MAX_PAGE}; 50 if absent`)),
  ),
  before: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,10}-\d{1,15}$/),
      v.description('Cursor of a page: `next` of the one before'),
    ),
  ),
})

export const ROUTES = [
  route({
    method: 'GET',
    path: '/status',
    id: 'getStatus',
    summary: 'Everything about the state: verdict, next report, delivery, installation, state store',
    purpose: 'read',
    answer: Status,
    respond: ({ usage }) => usage.status(),
  }),

  route({
    method: 'GET',
    path: '/preview',
    id: 'getPreview',
    summary: 'The report that would be made now, or under another level; it changes nothing',
    purpose: 'read',
    query: Level,
    answer: Preview,
    async respond({ usage, query: { level } }) {
      const { bytes, facts, text, wouldBeSent } = await usage.preview(level === undefined ? {} : { level })
      return { wouldBeSent, facts, table: text, ...(bytes && { report: contentOf(bytes) }) }
    },
  }),

  route({
    method: 'GET',
    path: '/consent',
    id: 'getConsent',
    summary: 'The verdict, with the opinion of every source',
    purpose: 'read',
    answer: Verdict,
    respond: async ({ usage }) => (await usage.status()).verdict,
  }),

  route({
    method: 'PUT',
    path: '/consent',
    id: 'putConsent',
    summary: 'Decides about consent',
    description:
      'The decision names what its maker has seen. If another verdict holds by now, or a source outside of the product has locked it, ' +
      'nothing is changed.',
    purpose: 'write',
    body: Decision,
    answer: Verdict,
    refusals: ['consent-changed', 'consent-locked', 'not-stored'],
    respond: ({ usage, by, body: { decision, expected } }) => decide(usage, decision, { by, expected }),
  }),

  route({
    method: 'GET',
    path: '/consent/history',
    id: 'getConsentHistory',
    summary: 'Every choice: who decided what, when, and in which version; the newest first',
    purpose: 'read',
    answer: History,
    async respond({ usage }) {
      const choices = await usage.consent.history()
      return { choices: choices.map(({ facts: _, ...choice }) => choice).reverse() }
    },
  }),

  route({
    method: 'GET',
    path: '/reports',
    id: 'listReports',
    summary: 'The local log of reports, sent or not; the newest first',
    purpose: 'read',
    query: Paging,
    answer: Page,
    async respond({ usage, query: { limit = '50', before } }) {
      const entries: LedgerEntry[] = []
      const read = usage.ledger.entries({ newestFirst: true, ...(before !== undefined && { before }) })
      for await (const entry of read) {
        if (entries.length === Number(limit))
          return { entries: entries.map(summaryOf), next: (entries.at(-1) as LedgerEntry).position }
        entries.push(entry)
      }
      return { entries: entries.map(summaryOf) }
    },
  }),

  route({
    method: 'POST',
    path: '/reports',
    id: 'makeReport',
    summary: 'Makes a report now, and sends it if the verdict permits',
    purpose: 'write',
    body: Nothing,
    answer: Made,
    async respond({ usage }) {
      const { bytes: _, ...made } = await usage.report()
      return made
    },
  }),

  route({
    method: 'GET',
    path: '/reports/{reportId}',
    id: 'getReport',
    summary: 'One report: what became of it, and its content',
    purpose: 'read',
    parameters: ReportId,
    answer: Report,
    refusals: ['not-found'],
    async respond({ usage, path: { reportId } }) {
      const entries = await entriesOf(usage, reportId)
      const bytes = entries.find((entry) => entry.bytes)?.bytes
      return { reportId, entries: entries.map(summaryOf), ...(bytes && { report: contentOf(bytes) }) }
    },
  }),

  route({
    method: 'GET',
    path: '/reports/{reportId}/bytes',
    id: 'getReportBytes',
    summary: 'The exact bytes of one report, as a file',
    purpose: 'read',
    parameters: ReportId,
    produces: 'application/json',
    refusals: ['not-found'],
    async respond({ usage, path: { reportId } }) {
      const bytes = (await entriesOf(usage, reportId)).find((entry) => entry.bytes)?.bytes
      if (!bytes) throw new Refusal('not-found', `The bytes of the report ${reportId} are not kept.`)
      return new Response(Uint8Array.from(bytes), {
        headers: {
          'content-type': 'application/json',
          'content-disposition': `attachment; filename="report-${reportId}.json"`,
        },
      })
    },
  }),

  route({
    method: 'POST',
    path: '/forget',
    id: 'forget',
    summary: 'Erases the installation here, and asks the receiver to do the same',
    purpose: 'write',
    body: Nothing,
    answer: Made,
    refusals: ['not-stored'],
    async respond({ usage, by }) {
      try {
        const { bytes: _, ...made } = await usage.forget({ by })
        return made
      } catch (error) {
        throw refusalOf(error) ?? error
      }
    },
  }),

  route({
    method: 'GET',
    path: '/events',
    id: 'getEvents',
    summary: 'Stream of events: consent, report, sending',
    description:
      'Server-sent events. `ready` comes first. `missed` comes in place of events that a slow reader has missed: read everything again.',
    purpose: 'read',
    produces: 'text/event-stream',
    refusals: ['busy'],
    async respond({ streams, isPermitted, method }) {
      return new Response(method === 'HEAD' ? null : streams.open(isPermitted), {
        // nginx would collect events before it passes them on.
        headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
      })
    },
  }),
]

type SetConsent = AdministeredTelemetry['consent']['set']

async function decide(
  usage: AdministeredTelemetry,
  decision: string,
  choice: Parameters<SetConsent>[1],
): ReturnType<SetConsent> {
  try {
    return await usage.consent.set(decision, choice)
  } catch (error) {
    const isNo = ['disabled', 'off'].includes(decision)
    // A no that cannot be stored holds in this process at least. One that expects a verdict does not, until it is stored.
    if (isNo && codeOf(error) === 'ERR_USAGE_NOT_STORED')
      return await usage.consent.set(decision, { by: choice.by }).catch((late) => {
        throw refusalOf(late) ?? late
      })
    throw refusalOf(error, usage) ?? error
  }
}

/** Returns the refusal for a decision of a person that could not be carried out; `undefined` for every other error. */
function refusalOf(error: unknown, usage?: AdministeredTelemetry): Refusal | undefined {
  const { message = '', verdict } = Object(error)
  switch (codeOf(error)) {
    case 'ERR_USAGE_CONSENT_LOCKED': {
      const { source, because, opinions } = usage?.consent.verdict() ?? {}
      const name = opinions?.find((one) => one.won)?.name
      return new Refusal('consent-locked', message, { source, because, ...(name && { name }) })
    }
    case 'ERR_USAGE_CONSENT_CHANGED':
      return new Refusal('consent-changed', message, { verdict })
    case 'ERR_USAGE_CONSENT_DECISION':
      return new Refusal('invalid', message)
    case 'ERR_USAGE_NOT_STORED':
      return new Refusal('not-stored', message)
    default:
      return undefined
  }
}

/** @throws {Refusal} with the status 404 if the log has no such report */
async function entriesOf({ ledger }: AdministeredTelemetry, reportId: string): Promise<LedgerEntry[]> {
  const wanted = reportId.toLowerCase()
  const found: LedgerEntry[] = []
  for await (const entry of ledger.entries({ newestFirst: true })) {
    if (entry.reportId === wanted && found.push(entry) === MAX_PAGE) break
  }
  if (found.length > 0) return found
  throw new Refusal(
    'not-found',
    `The local log has no report ${reportId}. It keeps reports for 400 days at most.`,
  )
}

function summaryOf({ at, reportId, outcome, reason, endpoint, bytes, omitted = 0 }: LedgerEntry) {
  const about = { at, reportId, outcome, reason, endpoint }
  return bytes ? { ...about, size: bytes.length, sha256: hashOf(bytes) } : { ...about, size: omitted }
}

const contentOf = (bytes: Uint8Array) => ({
  size: bytes.length,
  sha256: hashOf(bytes),
  text: new TextDecoder().decode(bytes),
})

const hashOf = (bytes: Uint8Array): string => sha256(bytes).toString('hex')
