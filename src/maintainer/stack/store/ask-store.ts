import { errorMessage, secretsOf, withoutSecrets } from '../../package/index.ts'
import { askNatively } from './native-question.ts'
import { type StoreAccess, StoreRefusal } from './store-access.ts'

/** Reports of a product that were stored during the last day. */
export interface Arrival {
  readonly product: string
  readonly catalogVersion: number
  /** Versions by the prefix of the contribution. */
  readonly contributions: Readonly<Record<string, number>>
  readonly reports: number
  /** Time at which the last one was stored, in milliseconds since 1970. */
  readonly storedAt: number
}

/** Installations of a product that asked to be forgotten and of which something is in the store. */
export interface WaitingErasures {
  readonly product: string
  readonly installations: number
  /** Since when the first of them could have been erased, in milliseconds since 1970. */
  readonly since: number
}

/** A deletion that the store was given and has not done. */
export interface PendingDeletion {
  readonly table: string
  /** Reason of the last failed attempt; empty if there was none. */
  readonly failure: string
}

/** Answer of the store. A store that accepts connections and never answers counts as unreachable. */
export type StoreAnswer =
  | {
      readonly state: 'takes-reports'
      /** `undefined` if the user may not read. */
      readonly arrivals: readonly Arrival[] | undefined
      /** `undefined` where the user may not read, or an older schema is there. */
      readonly waitingErasures: readonly WaitingErasures[] | undefined
      /** The oldest one that is not done. */
      readonly pendingDeletion: PendingDeletion | undefined
    }
  | { readonly state: 'refuses' | 'unreachable'; readonly reason: string }

/** Asks the store, as the Collector's user, whether it accepts reports, and which have arrived. Never throws. */
export async function askStore(access: StoreAccess): Promise<StoreAnswer> {
  const ask = /^https?:/i.test(access.address) ? askByHttp : askNatively
  try {
    await ask(access, MAY_INSERT, TIMEOUT)
  } catch (error) {
    const [reason = ''] = withoutSecrets(errorMessage(error), [
      ...secretsOf(access.address),
      ...(access.password === '' ? [] : [access.password]),
    ]).split('\n')
    const state = error instanceof StoreRefusal ? 'refuses' : 'unreachable'
    return { state, reason: reason.slice(0, 300) }
  }
  const answerTo = async <Row>(query: string, rowOf: (row: Record<string, string>) => Row) => {
    try {
      return (await ask(access, query, TIMEOUT)).map((row) => rowOf(JSON.parse(row)))
    } catch {
      return undefined
    }
  }
  const arrivals = await answerTo(ARRIVALS, arrivalOf)
  const waitingErasures = await answerTo(WAITING_ERASURES, waitingErasuresOf)
  const [pendingDeletion] = waitingErasures?.length ? ((await answerTo(PENDING, pendingOf)) ?? []) : []
  return { state: 'takes-reports', arrivals, waitingErasures, pendingDeletion }
}

const TIMEOUT = 10_000

/** Statement that inserts no row. It needs the same as the Collector: user, database, table, and the permission to write. */
const MAY_INSERT = "INSERT INTO points (MetricName) SELECT '' WHERE 0"

/** Query that counts reports: each has exactly one point of usage.facts. */
const ARRIVALS = `SELECT toJSONString(map('product', toString(ServiceName), 'version', ResourceAttributes['usage.catalog.version'],
    'contributions', ResourceAttributes['usage.catalog.contributions'],
    'reports', toString(count()), 'at', toString(toUnixTimestamp(max(ReceivedAt)))))
  FROM points WHERE MetricName = 'usage.facts' AND TimeUnix > now() - INTERVAL 1 DAY
  GROUP BY ServiceName, ResourceAttributes['usage.catalog.version'], ResourceAttributes['usage.catalog.contributions']
  ORDER BY count() DESC LIMIT 1000`

function arrivalOf({ product, version, contributions, reports, at }: Record<string, string>): Arrival {
  return {
    product: String(product),
    catalogVersion: Number(version),
    contributions: Object.fromEntries(
      (contributions ?? '').split(',').flatMap((one): [string, number][] => {
        const [, prefix, number] = /^(.+)@(\d+)$/.exec(one) ?? []
        return prefix === undefined ? [] : [[prefix, Number(number)]]
      }),
    ),
    reports: Number(reports),
    storedAt: Number(at) * 1_000,
  }
}

const WAITING_ERASURES = `SELECT toJSONString(map('product', toString(Product), 'installations', toString(Installations),
    'since', toString(toUnixTimestamp(Since)))) FROM waiting_erasures ORDER BY Product`

const waitingErasuresOf = ({ product, installations, since }: Record<string, string>): WaitingErasures => ({
  product: String(product),
  installations: Number(installations),
  since: Number(since) * 1_000,
})

const PENDING = `SELECT toJSONString(map('table', table, 'failure', latest_fail_reason)) FROM system.mutations
  WHERE database = currentDatabase() AND NOT is_done ORDER BY create_time, mutation_id LIMIT 1`

const pendingOf = ({ table, failure }: Record<string, string>): PendingDeletion => ({
  table: String(table),
  failure: String(failure).slice(0, 300),
})

async function askByHttp(access: StoreAccess, query: string, timeout: number): Promise<string[]> {
  const address = new URL(access.address)
  // Not in ClickHouse's own headers: those allow no password outside of Latin-1.
  const login = Buffer.from(`${access.user}:${access.password}`).toString('base64')
  const headers = { authorization: `Basic ${login}` }
  address.username = ''
  address.password = ''
  address.search = new URLSearchParams({ database: access.database, default_format: 'TSVRaw' }).toString()
  const signal = AbortSignal.timeout(timeout)
  const response = await fetch(address, { method: 'POST', headers, body: query, signal }).catch((error) => {
    throw signal.aborted ? new Error(`no answer within ${timeout / 1_000} seconds`) : error
  })
  const text = (await response.text()).trim()
  if (!response.ok) throw new StoreRefusal(text || `it answers with ${response.status}`)
  return text === '' ? [] : text.split('\n')
}
