/**
 * What the store must answer, by what the fleet has sent: kept in plain collections, and worked out from the reports again for each
 * question. It knows the promises of docs/store.md, and nothing of how the store keeps them.
 */
import { LIBRARY_VERSION } from '../../src/platform/index.ts'
import { DAY, type FleetReport, SECOND } from './lives.ts'
import { catalogOf } from './products.ts'

/** A report as the gateway took it. */
export interface Taken {
  readonly report: FleetReport
  /** The second that counts for it: of its own clock, or of its arrival. Since 1970. */
  readonly second: number
}

/** What the reports of one day say, by report id: each is in it once, however often it came. */
export type TakenOnDay = ReadonlyMap<string, Taken>

export interface FleetInstallation {
  readonly product: string
  readonly id: string
  readonly lineage: string | undefined
  /** By day, as in `2026-03-01`. */
  readonly days: ReadonlyMap<string, TakenOnDay>
}

export interface Truth {
  /** A report was acknowledged, at a moment in milliseconds since 1970. */
  take(report: FleetReport, arrivedAt: number): void
  /** Those that are to be in the store. */
  installations(): FleetInstallation[]
  /** Reports without an id: by product, and by day. */
  readonly withoutId: ReadonlyMap<string, ReadonlyMap<string, TakenOnDay>>
  /** Installations that asked to be forgotten and the day of their first request, by product. */
  readonly forgotten: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** How many of them asked whose reports have come too, by product and day of their first request. */
  requests(): ReadonlyMap<string, ReadonlyMap<string, number>>
}

export function createTruth(): Truth {
  const byKey = new Map<string, MutableInstallation>()
  const withoutId = new Map<string, Map<string, Map<string, Taken>>>()
  const forgotten = new Map<string, Map<string, string>>()

  return {
    withoutId,
    forgotten,
    requests() {
      const byDay = new Map<string, Map<string, number>>()
      for (const [product, days] of forgotten)
        for (const [id, day] of days)
          if (byKey.has(`${product} ${id}`))
            add(
              at(byDay, product, () => new Map()),
              day,
              1,
            )
      return byDay
    },
    installations: () => [...byKey.values()].filter(({ product, id }) => !forgotten.get(product)?.has(id)),
    take(report, arrivedAt) {
      const { id, lineage, facts } = report
      const product = report.product.name
      if (facts === undefined && id !== undefined) {
        const days = at(forgotten, product, () => new Map())
        days.set(id, days.get(id) ?? dayOf(arrivedAt))
        return
      }
      const second = Math.floor(timeOf(report, arrivedAt) / SECOND)
      let days: Map<string, Map<string, Taken>>
      if (id === undefined) days = at(withoutId, product, () => new Map())
      else days = at(byKey, `${product} ${id}`, () => ({ product, id, lineage, days: new Map() })).days
      const reports = at(days, dayOf(second * SECOND), () => new Map())
      const before = reports.get(report.reportId)?.second ?? 0
      reports.set(report.reportId, { report, second: Math.max(before, second) })
    },
  }
}

interface MutableInstallation extends FleetInstallation {
  readonly days: Map<string, Map<string, Taken>>
}

/** Whether the gateway goes by its own clock: the report's is more than 90 days behind or a day ahead. */
export const isTimedByArrival = ({ at }: FleetReport, arrivesAt: number): boolean =>
  at <= arrivesAt - 90 * DAY || at >= arrivesAt + DAY

const timeOf = (report: FleetReport, arrivedAt: number) =>
  isTimedByArrival(report, arrivedAt) ? arrivedAt : report.at

export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

/** The last report of a day. */
export function lastOf(reports: TakenOnDay): FleetReport {
  let last: Taken | undefined
  for (const taken of reports.values()) if (!last || taken.second > last.second) last = taken
  return (last as Taken).report
}

/** A number of a report: the fact, its dimensions as the store writes them, and the value. */
export type SaidNumber = readonly [fact: string, dimensions: string, value: number]

/** What a report says, as its operator could read it. */
export interface Said {
  readonly attributes: Readonly<Record<string, string>>
  readonly numbers: readonly SaidNumber[]
}

export function saidBy(report: FleetReport, withCountry: boolean): Said {
  const { release, consent, caller, facts, age } = report
  const { version, facts: declared } = catalogOf(release)
  const general = {
    'service.version': release,
    'telemetry.distro.name': 'otel-usage',
    'telemetry.distro.version': LIBRARY_VERSION,
    'usage.catalog.version': String(version),
    'usage.consent.level': consent.level,
    'usage.consent.state': consent.state,
    ...(age !== undefined && { 'usage.installation.age': age }),
    ...(withCountry && caller.country && { 'geo.country.iso_code': caller.country }),
  }
  if (facts === undefined) {
    const numbers = ['usage.facts', 'usage.forget', 'usage.withheld'].map(
      (name): SaidNumber => [name, '{}', name === 'usage.forget' ? 1 : 0],
    )
    return { attributes: general, numbers }
  }
  const isReached = (name: string) =>
    !report.excluded.includes(name) && (consent.level === 'full' || levelOf(declared, name) === 'basic')
  const reached = Object.keys(declared).filter(isReached)
  const attributes = Object.entries({
    'acme.edition': facts.edition,
    'acme.db.version': facts.dbVersion,
    'acme.clustered': String(facts.clustered),
    'acme.storage': facts.storage,
  }).filter(([name]) => reached.includes(name))
  const numbers = [
    ['acme.tables', '{}', facts.tables] as const,
    // The next lower power of two.
    ['acme.users', '{}', facts.users === 0 ? 0 : 2 ** Math.floor(Math.log2(facts.users))] as const,
    // What was not counted is not said.
    ...[
      ['acme.starts', '{}', facts.starts] as const,
      ...facts.commands.map(
        ([command, result, amount]) =>
          ['acme.commands', JSON.stringify({ command, result }), amount] as const,
      ),
    ].filter(([, , amount]) => amount > 0),
  ].filter(([name]) => reached.includes(name))
  const said = new Set([...attributes, ...numbers].map(([name]) => name)).size
  return {
    attributes: { ...general, ...Object.fromEntries(attributes) },
    numbers: [
      ...numbers,
      ['usage.facts', '{}', said],
      ['usage.withheld', '{}', Object.keys(declared).length - reached.length],
    ],
  }
}

const levelOf = (declared: Readonly<Record<string, { readonly level?: string }>>, name: string) =>
  declared[name]?.level

/** What is kept under a key; made where there is nothing. */
export function at<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

export const add = <K>(map: Map<K, number>, key: K, amount: number) =>
  map.set(key, (map.get(key) ?? 0) + amount)
