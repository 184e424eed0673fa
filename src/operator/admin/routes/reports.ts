/** Operations on the local log of reports. */
import * as v from 'valibot'
import { compareReports, type FoundReport, factsOf, findReport } from '../../operations/index.ts'
import { contentOf, digestOf, type Summary, summaryOf } from '../content.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { Comparison, Made, Nothing, Page, Report } from '../schemas.ts'
import type { AdministeredTelemetry } from '../types.ts'

const id = v.pipe(v.string(), v.uuid(), v.description('Id of a report, as the log has it'))

const ReportId = v.strictObject({ reportId: id })

const Compared = v.strictObject({
  from: v.optional(v.pipe(id, v.description('Default: the newest report of the log'))),
  to: v.optional(v.pipe(id, v.description('Default: the report that would be made now'))),
})

const Paging = v.strictObject({
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^(?:[1-9]\d?|1\d\d|200)$/), v.description('Entries, 1 to 200. Default: 50')),
  ),
  before: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,10}-\d{1,15}$/),
      v.description('Cursor: `next` of the page before. Default: the newest'),
    ),
  ),
  facts: v.optional(v.pipe(v.picklist(['true', 'false']), v.description('With what each report says'))),
})

export const REPORT_ROUTES = [
  route({
    method: 'GET',
    path: '/reports',
    id: 'listReports',
    summary: 'The local log of reports, sent or not; the newest first',
    purpose: 'read',
    query: Paging,
    answer: Page,
    async respond({ usage, query: { limit = '50', before, facts } }) {
      const entries: Summary[] = []
      let next: string | undefined
      for await (const entry of usage.ledger.entries({ newestFirst: true, ...(before && { before }) })) {
        if (entries.length === Number(limit)) return { entries, ...(next && { next }) }
        entries.push(summaryOf(entry, facts === 'true'))
        next = entry.position
      }
      return { entries }
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
    summary: 'One report: what became of it, what it says, and its bytes',
    purpose: 'read',
    parameters: ReportId,
    answer: Report,
    refusals: ['not-found'],
    async respond({ usage, path: { reportId } }) {
      const { entries, bytes, ...found } = await reportOf(usage, reportId)
      return {
        reportId: found.reportId,
        entries: entries.map((entry) => summaryOf(entry)).reverse(),
        ...(bytes && { facts: factsOf(bytes), report: contentOf(bytes) }),
      }
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
      const { bytes } = await reportOf(usage, reportId)
      if (!bytes) throw new Refusal('not-found', `The bytes of the report ${reportId} are not kept.`)
      return new Response(Uint8Array.from(bytes), {
        headers: {
          'content-type': 'application/json',
          'content-disposition': `attachment; filename="report-${reportId}.json"`,
          'repr-digest': digestOf(bytes),
        },
      })
    },
  }),

  route({
    method: 'GET',
    path: '/diff',
    id: 'compareReports',
    summary: 'The facts that differ between two reports, or between a report and the next one',
    purpose: 'read',
    query: Compared,
    answer: Comparison,
    refusals: ['not-found'],
    async respond({ usage, query: { from, to } }) {
      const found = await compareReports(usage, from, to)
      if (typeof found === 'string') throw new Refusal('not-found', found)
      return found
    },
  }),
]

/** @throws {Refusal} with the status 404 if the log has no such report */
async function reportOf(usage: AdministeredTelemetry, reportId: string): Promise<FoundReport> {
  const found = await findReport(usage, reportId)
  if (found) return found
  throw new Refusal('not-found', `The log has no report ${reportId}. It keeps reports for 400 days at most.`)
}
