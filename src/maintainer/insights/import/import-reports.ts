import { access, constants } from 'node:fs/promises'
import path from 'node:path'
import { type Clock, systemClock } from '../../../platform/index.ts'
import {
  type CheckedReport,
  type GatewayProduct,
  type ReportCheck,
  reportCheck,
} from '../../collector/index.ts'
import {
  type ClickHouseAddress,
  type ClickHouseConnection,
  connectClickHouse,
  FORGOTTEN_FILE,
  restoreForgotten,
} from '../../store/index.ts'
import { InsightsError, SchemaOlderError, storeError } from '../errors.ts'
import { documentsIn } from './documents.ts'
import { faultOf, findFiles, type ImportFile } from './import-files.ts'
import { forgottenOf, LINEAGE } from './left-out.ts'
import { rowsOf } from './points-rows.ts'

/** Files to import, and the store. */
export interface ImportOptions extends ClickHouseAddress {
  /** Files and folders: exports of closed networks, or a gateway's archive. */
  readonly paths: readonly string[]
  /** Products whose reports are imported, with their catalogs, as for `collectorConfig`. */
  readonly products: readonly GatewayProduct[]
  /** `true` if a gateway has written the files: then the countries and networks in them, which it has found out, stay. Default: false. */
  readonly archive?: boolean | undefined
  /** `true` to check everything, and write nothing. Default: false. */
  readonly dryRun?: boolean | undefined
  /** Called for each document, many times a second. What it throws ends the import. */
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined
  /** Default: the system's. */
  readonly clock?: Clock | undefined
}

/** Progress of an import. */
export interface ImportProgress {
  /** Every file is read twice: first for the requests to be forgotten. */
  readonly step: 'requests' | 'reports'
  readonly file: string
  /** Bytes that were read in this step, and those of all files. */
  readonly read: number
  readonly size: number
  readonly reports: number
}

/** Result of an import. */
export interface ImportSummary {
  readonly dryRun: boolean
  readonly files: number
  /** Reports that are in the store now. Those that were there before are counted as well. */
  readonly imported: number
  /** Requests to be forgotten. */
  readonly requests: number
  /** Reports that were left out, because their installations asked to be forgotten. */
  readonly forgotten: number
  /** Attributes and points that were removed from imported reports, because no catalog declares them. */
  readonly removed: number
  /** Number of parts of the files that could not be imported: reports, lines, whole files. */
  readonly refused: number
  /** The first 100 of them. */
  readonly refusals: readonly Refusal[]
  /** First and last day of the imported reports (UTC), as in `2026-03-01`; `null` if there are none. */
  readonly from: string | null
  readonly until: string | null
}

/** Part of a file that was not imported. */
export interface Refusal {
  readonly file: string
  /** Location in the file, such as `line 12, report 3`; `null` for the file as a whole. */
  readonly location: string | null
  /** End of a sentence. */
  readonly reason: string
}

/**
 * Imports reports from files straight into the store, after the checks that the gateway makes. Reports have the time that they have in the
 * file. First come the requests to be forgotten in all files, then the reports, without those of installations that asked. What cannot be
 * imported is refused with its location, and the rest goes on. The same files can be imported again: a report counts once. The answers have
 * them after the next run of `maintain.sql`.
 *
 * @throws {UsageConfigurationError} if a catalog breaks a rule of `defineCatalog`.
 * @throws {GatewayOptionsError} if there is no product, or one is listed twice.
 * @throws {StoreUnreachableError | SchemaOlderError | InsightsError} if the store cannot be written. What came before is in it.
 */
export async function importReports(options: ImportOptions): Promise<ImportSummary> {
  const check = reportCheck(options.products)
  const files = await findFiles(options.paths)
  const connection = await connectClickHouse(options)
  try {
    await requireTables(connection, options.database ?? 'usage')
    return await importFiles(files, { ...options, check, connection })
  } catch (error) {
    throw storeError(error, options.url, 'refused the import')
  } finally {
    await connection.close()
  }
}

async function requireTables(connection: ClickHouseConnection, database: string): Promise<void> {
  const [table] = await connection.query(
    "SELECT name FROM system.tables WHERE database = {database:String} AND name = 'forgotten_before'",
    { parameters: { database } },
  )
  if (table === undefined) throw new SchemaOlderError(database, 'forgotten_before')
}

interface Importing extends ImportOptions {
  readonly check: ReportCheck
  readonly connection: ClickHouseConnection
}

async function importFiles(files: readonly ImportFile[], options: Importing): Promise<ImportSummary> {
  const { connection, dryRun = false } = options
  const tally = createTally()
  const [kept, others] = [files.filter(isKeptBeside), files.filter((each) => !isKeptBeside(each))]
  for (const { file, problem } of kept) {
    await requireReadable(file, problem)
    if (dryRun) continue
    await restoreForgotten(connection, file, (line) => tally.refuse(file, `line ${line}`, 'it is damaged'))
  }
  const readable = others.filter(({ file, problem }) => {
    if (problem !== undefined) tally.refuse(file, null, problem)
    return problem === undefined
  })
  // In a dry run the store does not learn of the requests in the files.
  const asked = new Set<string>()
  for await (const requests of batchesOf(readable, 'requests', options, () => {})) {
    if (dryRun) for (const { product, installation } of requests) asked.add(`${product} ${installation}`)
    else await connection.insert('points', requests.flatMap(rowsOf))
  }
  for await (const reports of batchesOf(readable, 'reports', options, tally.refuse)) {
    const isForgotten = await forgottenOf(connection, reports)
    const isOut = (product: string, id: string | undefined, at: number) =>
      id !== undefined && (isForgotten(product, id, at) || asked.has(`${product} ${id}`))
    const kept = reports.filter((report) => {
      const { product, installation, at, isRequest } = report
      return isRequest || !isOut(product, installation, at)
    })
    tally.add(kept, reports.length - kept.length)
    const rows = kept.map((report) =>
      isOut(report.product, report.attributes[LINEAGE], report.at) ? withoutLineage(report) : report,
    )
    if (!dryRun && rows.length > 0) await connection.insert('points', rows.flatMap(rowsOf))
  }
  return { dryRun, files: files.length, ...tally.sum() }
}

/** Requests that are older than the archive: its folder has them as the store before had them. */
const isKeptBeside = ({ file }: ImportFile) => path.basename(file) === FORGOTTEN_FILE

async function requireReadable(file: string, problem?: string): Promise<void> {
  const fault = problem ?? (await access(file, constants.R_OK).then(() => undefined, faultOf))
  if (fault === undefined) return
  throw new InsightsError(
    `Nothing was imported, because ${file} says who asked to be forgotten, and ${fault}. Let this user read it, and import again.`,
  )
}

/** A copy does not name its original that asked to be forgotten. */
const withoutLineage = ({ attributes, ...report }: CheckedReport): CheckedReport => ({
  ...report,
  attributes: Object.fromEntries(Object.entries(attributes).filter(([name]) => name !== LINEAGE)),
})

/** Reads all files, and yields what passes the checks: only requests, or everything. */
async function* batchesOf(
  files: readonly ImportFile[],
  step: ImportProgress['step'],
  { check, archive = false, clock = systemClock, onProgress }: Importing,
  refuse: Tally['refuse'],
): AsyncGenerator<CheckedReport[]> {
  const size = files.reduce((sum, each) => sum + each.size, 0)
  let [batch, points, read, reports]: [CheckedReport[], number, number, number] = [[], 0, 0, 0]
  for (const { file } of files) {
    const onRead = (bytes: number) => {
      read += bytes
    }
    for await (const { location, text, problem } of documentsIn(file, onRead)) {
      onProgress?.({ step, file, read, size, reports })
      if (step === 'requests' && !text?.includes('usage.forget')) continue
      const items = problem === undefined ? itemsIn(text ?? '') : problem
      if (typeof items === 'string') {
        refuse(file, location, items)
        continue
      }
      for (const [index, item] of items.entries()) {
        const report = check(item, { isArchive: archive, now: clock.now() })
        if (typeof report === 'string') refuse(file, `${location}, report ${index + 1}`, report)
        else if (step === 'reports' || report.isRequest) {
          batch.push(report)
          points += report.points.length
          reports += 1
        }
        if (points < BATCH_POINTS && batch.length < BATCH_REPORTS) continue
        yield batch
        ;[batch, points] = [[], 0]
      }
    }
  }
  if (batch.length > 0) yield batch
}

/** Limits of one insert. */
const BATCH_REPORTS = 2_000
const BATCH_POINTS = 20_000

/** Returns the reports of an OTLP request, or why there are none, as the end of a sentence. */
function itemsIn(text: string): readonly unknown[] | string {
  try {
    const items = (JSON.parse(text) as { resourceMetrics?: unknown } | null)?.resourceMetrics
    return Array.isArray(items) ? items : 'it is not an OTLP request with metrics'
  } catch {
    return 'it is not a complete JSON document'
  }
}

type Tally = ReturnType<typeof createTally>

function createTally() {
  const refusals: Refusal[] = []
  let [imported, requests, forgotten, removed, refused] = [0, 0, 0, 0, 0]
  let [first, last] = [Number.POSITIVE_INFINITY, 0]
  return {
    refuse(file: string, location: string | null, reason: string) {
      refused += 1
      if (refusals.length < 100) refusals.push({ file, location, reason })
    },
    add(reports: readonly CheckedReport[], leftOut: number) {
      forgotten += leftOut
      for (const report of reports) {
        if (report.isRequest) {
          requests += 1
          continue
        }
        imported += 1
        removed += report.removed
        ;[first, last] = [Math.min(first, report.at), Math.max(last, report.at)]
      }
    },
    sum() {
      const dayOf = (seconds: number) => new Date(seconds * 1_000).toISOString().slice(0, 10)
      const period = imported > 0 ? { from: dayOf(first), until: dayOf(last) } : { from: null, until: null }
      return { imported, requests, forgotten, removed, refused, refusals, ...period }
    },
  }
}
