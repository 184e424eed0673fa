import semver from 'semver'
import { describeValue, UsageConfigurationError } from '../../platform/index.ts'

/** Query with bound parameters, and the function that turns its rows into the answer. Pure. */
export interface Question<Row, Answer> {
  /** Name of the question, in the server's query log as `log_comment`. */
  readonly name: string
  readonly query: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly answer: (rows: readonly Row[]) => Answer
}

export interface ActiveInstallationsOptions {
  /** Name of the product. */
  readonly product: string
  /** Time whose UTC day is the last day of the period. Default: now. */
  readonly at?: Date
  /** Length of the period in days: an installation that has reported in it is active. Default: 30. */
  readonly days?: number
}

export interface InstallationsOfVersion {
  /** Version as reported. Absent for installations that reported none. */
  readonly version?: string
  /** Number of installations with this version in their last report. */
  readonly installations: number
}

/**
 * Returns the question for the number of active installations by version, newest version first. An installation counts once, with the
 * version of its last report, however often it reported and however often the network repeated a report.
 *
 * @throws {UsageConfigurationError} if `days` is not a whole number from 1.
 */
export function activeInstallationsByVersion({
  product,
  at = new Date(),
  days = 30,
}: ActiveInstallationsOptions): Question<Required<InstallationsOfVersion>, InstallationsOfVersion[]> {
  if (!Number.isInteger(days) || days < 1) {
    const mistake = {
      path: 'days',
      message: `is ${describeValue(days)}; use a whole number from 1, such as 30`,
    }
    throw new UsageConfigurationError('activeInstallationsByVersion', [mistake])
  }
  return {
    name: 'active installations by version',
    query: `
      SELECT version, count() AS installations
      FROM
      (
        SELECT InstallationId, argMax(Version, ReportOrder) AS version
        FROM installation_days
        WHERE Product = {product:String} AND Day > {before:Date} AND Day <= {last:Date}
        GROUP BY InstallationId
      )
      GROUP BY version`,
    parameters: { product, before: day(at, -days), last: day(at, 0) },
    // In the store, no version is an empty text.
    answer: (rows) =>
      rows
        .toSorted((a, b) => newestFirst(a.version, b.version))
        .map(({ version, installations }) => ({ ...(version && { version }), installations })),
  }
}

function day(at: Date, offset: number): string {
  return new Date(at.getTime() + offset * 86_400_000).toISOString().slice(0, 10)
}

/** Compares versions by semantic versioning. Texts that are not versions come last, in the order of their characters. */
function newestFirst(a: string, b: string): number {
  const [left, right] = [parsed(a), parsed(b)]
  if (left && right) return semver.rcompare(left, right) || compare(a, b)
  if (left || right) return left ? -1 : 1
  return compare(a, b)
}

/** Parses a version as people write it: `2.4` and `v2.4.0` too, and pre-releases as they are. */
const parsed = (version: string) => semver.parse(version, { loose: true }) ?? semver.coerce(version)

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
