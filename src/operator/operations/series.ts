import { isOwnName } from '../../catalog/index.ts'
import { readReport } from '../../library/otlp/index.ts'
import type { OperatedTelemetry } from './operated.ts'

/** Numbers of one fact in the order of time, from one report each. */
export type Course = ReadonlyArray<{ readonly at: string; readonly value: number }>

/**
 * Resolves to the numbers of the newest reports in the ledger, by fact: of a fact with dimensions their sum. Reads the ledger backwards,
 * as far as needed, and keeps one report in memory.
 *
 * @param reports largest number of reports
 */
export async function seriesOf(
  { ledger }: Pick<OperatedTelemetry, 'ledger'>,
  reports: number,
): Promise<Readonly<Record<string, Course>>> {
  const courses = new Map<string, Array<{ at: string; value: number }>>()
  // A report has an entry for each thing that became of it.
  const seen = new Set<string>()
  for await (const { at, reportId, bytes } of ledger.entries({ newestFirst: true })) {
    const content = bytes && !seen.has(reportId) ? readReport(bytes) : undefined
    if (!content) continue
    seen.add(reportId)
    for (const { name, points = [] } of content.metrics) {
      if (isOwnName(name) || points.length === 0) continue
      const value = points.reduce((sum, point) => sum + point.value, 0)
      const course = courses.get(name)
      if (course) course.push({ at, value })
      else courses.set(name, [{ at, value }])
    }
    if (seen.size === reports) break
  }
  return Object.fromEntries([...courses].map(([name, course]) => [name, course.reverse()]))
}
