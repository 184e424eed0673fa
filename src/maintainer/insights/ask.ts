import type { Catalog, Fact } from '../../catalog/index.ts'
import { type Clock, type Mistake, systemClock, UsageConfigurationError } from '../../platform/index.ts'
import type { ClickHouseConnection } from '../store/index.ts'
import type { Answer, AskedQuery, FactOfAnswer } from './answer.ts'
import { type Argument, type Arguments, whole } from './arguments.ts'
import { catalogMistakes } from './catalog-names.ts'
import { type Cell, withoutSmallGroups } from './cells.ts'
import { conditionsOf, conditionText, FILTERS, type Filters } from './conditions.ts'
import { dayBefore, dayOf } from './days.ts'
import { type Computed, computedInline, computedOnce } from './once.ts'
import type { Asking, Columns, OwnQuery, Question, Row } from './question.ts'
import { estimated } from './randomized.ts'
import { conditionParameters, type Population, populationOf } from './sets.ts'
import { requireSchema, type StoreState } from './store-state.ts'
import { oneLine } from './words.ts'

/** Arguments of every question. */
export const COMMON = {
  product: {
    description: 'Name of the product in its reports, such as acme-db.',
    value: 'name',
    read(given) {
      if (typeof given === 'string' && given !== '' && given.length <= 200) return given
      throw new TypeError("is missing; use the name of the product in its reports, such as 'acme-db'")
    },
  } as Argument<string>,
  until: {
    description: 'Last day of the period, such as 2026-03-01 (UTC). Default: today',
    value: 'day',
    default: undefined,
    read(given) {
      const text = given instanceof Date && !Number.isNaN(given.getTime()) ? dayOf(given.getTime()) : given
      if (typeof text === 'string' && /^(?:19[7-9]\d|20\d\d|21[0-3]\d)-\d\d-\d\d$/.test(text)) {
        const time = Date.parse(text)
        if (!Number.isNaN(time) && dayOf(time) === text) return text
      }
      throw new TypeError(`is ${JSON.stringify(given)}, which is not a day; write it as 2026-03-01`)
    },
  } as Argument<string | Date | undefined> & { readonly default: undefined },
  days: {
    ...whole('Length of the period in days.', 'number', { least: 1, most: 400, default: 28 }),
    default: undefined,
  } as Argument<number | undefined> & { readonly default: undefined },
}

/** Settings of the one who asks. */
export interface AskSettings {
  readonly connection: ClickHouseConnection
  readonly database: string
  readonly smallestGroup: number
  readonly catalog?: Catalog | undefined
  readonly clock?: Clock
  /** Called with each query before it is sent. */
  readonly onQuery?: ((query: AskedQuery) => void) | undefined
}

/**
 * Answers a question.
 *
 * @throws {UsageConfigurationError} if an argument is missing, unknown or has a value that cannot be used.
 * @throws {SchemaOlderError} if the store was made by an older version.
 */
export async function ask(
  name: string,
  question: Question,
  given: Readonly<Record<string, unknown>>,
  settings: AskSettings,
): Promise<Answer> {
  const { connection, smallestGroup: k, onQuery, catalog, clock = systemClock } = settings
  const { common, filters, values } = readArguments(name, question, given, catalog)
  const { product } = common
  const days = common.days ?? question.days
  const until = (common.until as string | undefined) ?? dayOf(clock.now())
  const period = { from: dayBefore(until, days - 1), until, days }
  const back = days * (question.periods?.(values) ?? 1)
  const parameters = { product, until, after: dayBefore(until, back), days, k }
  const run = <R>(sql: string, own: Readonly<Record<string, unknown>>) => {
    onQuery?.({ sql, parameters: own })
    return connection.query<R>(sql, { parameters: own, logComment: `otel-usage insights ${name}` })
  }

  const store = await requireSchema(run, { database: settings.database, product })
  const asking: Asking<Arguments> = {
    ...{ values, period, k },
    async frequent(fact, limit = 1_000) {
      const rows = await run<{ value: string }>(FREQUENT, { ...parameters, fact, limit })
      return rows.map(({ value }) => value)
    },
  }
  const conditions =
    question.counts === 'none' ? [] : await conditionsOf(filters, () => asking.frequent('service.version'))
  const computed = store.shards === undefined ? computedOnce() : computedInline()
  const counts = question.counts === 'last' ? 'last' : 'days'
  const population = populationOf(counts, conditions, filters.leaveOut, computed.once)
  const own = await question.query({ ...asking, population, once: computed.once })
  const found = await run<Cell>(wholeQuery(question, own, population, computed, store), {
    ...parameters,
    ...conditionParameters(conditions),
    ...own.parameters,
  })
  // A cell of 0 would name a value that only those have who are not counted here, and these may be few.
  const cells = found.filter(({ n }) => n !== 0)
  const derived = estimated(question.derive?.(cells, asking) ?? cells, question.facts(values), catalog)
  const shown = withoutSmallGroups(derived.cells, k, question.measures)
  const rows = question.rows(shown, asking)
  const named = [...new Set([...question.facts(values), ...conditions.map(({ fact }) => fact)])]
  const isFound = rows.some((row) =>
    Object.entries(question.columns).some(([column, type]) => type === 'count' && row[column]),
  )
  const reported =
    isFound || store.since === null || named.length === 0 || shown.get('all') === undefined
      ? named
      : (await run<{ fact: string }>(REPORTED, { ...parameters, facts: named })).map(({ fact }) => fact)
  const installations = question.counts === 'none' ? null : shown.get('all')
  const nobody = installations === undefined || (installations === 0 && question.counts !== 'none')
  return {
    question: name,
    product,
    arguments: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)),
    period,
    installations: installations ?? null,
    filters: conditions.map(conditionText),
    leftOut: filters.leaveOut,
    smallestGroup: k,
    withheldGroups: shown.withheld,
    isRounded: shown.isRounded,
    facts: factsOf(question.facts(values), catalog),
    source: { table: 'installation_sets', since: store.since, asOf: store.asOf },
    notes: [
      ...(question.notes ?? []),
      ...derived.notes,
      ...named.filter((fact) => !reported.includes(fact)).map((fact) => absentSentence(fact, k)),
    ],
    rows: nobody ? [] : rows,
  }
}

/** Values of a fact that somebody had in the period, most frequent first. */
const FREQUENT = `SELECT Value AS value FROM installation_sets FINAL
WHERE Product = {product:String} AND Fact = {fact:String} AND Of = 'value' AND Day > {after:Date} AND Day <= {until:Date} AND Installations > 0
GROUP BY Value ORDER BY sum(Installations) DESC, Value LIMIT {limit:UInt32}`

/** Facts that were reported at all, of those that an answer is about and has nothing of. */
const REPORTED = `SELECT DISTINCT fact FROM (SELECT Fact AS fact FROM installation_sets FINAL
WHERE Product = {product:String} AND Fact IN {facts:Array(String)} AND Day > {after:Date} AND Day <= {until:Date}
GROUP BY Fact, Of, Day, Dimensions, Value HAVING sum(Installations) >= {k:UInt32})`

/** A misspelt name must not look as if nobody used the fact. */
const absentSentence = (fact: string, k: number) =>
  `${k === 1 ? 'No installation' : `No installation, or fewer than ${k},`} reported ${oneLine(fact)} at all in this time: see that its name is right.`

/**
 * Sets are large, so a few rows are worth a second thread. By default, ClickHouse splits a read between threads from 163,840 rows on. It
 * also reads all columns before it checks the conditions where it merges rows (`FINAL`): here it checks first.
 */
const FOR_LARGE_ROWS = `SETTINGS ${[
  'merge_tree_min_rows_for_concurrent_read = 1',
  'merge_tree_min_bytes_for_concurrent_read = 1',
  'merge_tree_min_read_task_size = 1',
  'optimize_move_to_prewhere_if_final = 1',
].join(', ')}`

/** Adds how many installations the answer rests on, and sums the cells. On a cluster each shard has its own. */
function wholeQuery(
  { counts }: Question,
  { sql: own }: OwnQuery,
  { totals }: Population,
  computed: Computed,
  { shards }: StoreState,
): string {
  const cells = computed.complete(
    counts === 'none'
      ? own
      : `${own}
UNION ALL ${totals}`,
  )
  const from =
    shards === undefined
      ? `(${cells})`
      : `cluster('${shards.cluster}', view(${cells.replaceAll('FROM installation_sets ', `FROM ${shards.database}.${shards.table} `)}))`
  return `SELECT part, a, b, sum(n) AS n FROM ${from} GROUP BY part, a, b ${FOR_LARGE_ROWS}`
}

function readArguments(
  name: string,
  question: Question,
  given: Readonly<Record<string, unknown>>,
  catalog: Catalog | undefined,
) {
  const mistakes: Mistake[] = []
  const read = (args: Arguments) =>
    Object.fromEntries(
      Object.entries(args).map(([key, argument]) => {
        const value = given[key]
        if (value === undefined && 'default' in argument) return [key, argument.default]
        try {
          return [key, argument.read(value)]
        } catch (error) {
          mistakes.push({ path: key, message: (error as Error).message })
          return [key, undefined]
        }
      }),
    )
  const common = read(COMMON) as { product: string; until?: string; days?: number }
  const filters = read(FILTERS) as unknown as Filters
  const values = read(question.arguments)
  const known = [COMMON, FILTERS, question.arguments].flatMap((args) => Object.keys(args))
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) mistakes.push({ path: key, message: `is unknown; use ${known.join(', ')}` })
  }
  const hasFilters =
    filters.versions !== undefined ||
    filters.level !== undefined ||
    filters.where?.length > 0 ||
    filters.leaveOut?.length > 0
  if (question.counts === 'none' && hasFilters)
    mistakes.push({ path: 'filters', message: 'are given, and this question takes none; leave them out' })
  if (mistakes.length === 0 && catalog !== undefined)
    mistakes.push(...catalogMistakes(name, { ...values, where: filters.where }, catalog))
  if (mistakes.length > 0) throw new UsageConfigurationError(`The question '${name}'`, mistakes)
  return { common, filters, values }
}

function factsOf(names: readonly string[], catalog: Catalog | undefined): FactOfAnswer[] {
  return names.flatMap((name) => {
    const fact: Fact | undefined = catalog?.facts[name]
    if (fact === undefined) return []
    return [
      {
        name,
        level: fact.level ?? null,
        rounding: 'round' in fact && fact.round !== undefined ? roundingText(fact.round) : null,
        epsilon: 'randomize' in fact && fact.randomize !== undefined ? fact.randomize.epsilon : null,
      },
    ]
  })
}

function roundingText(round: string | object): string {
  if (typeof round === 'string') return round === 'log2' ? 'down to a power of two' : `to ${round}`
  if ('steps' in round) return `down to a step of ${(round.steps as readonly number[]).join(', ')}`
  return `to a multiple of ${(round as { percent: number }).percent} %`
}

export type AnyQuestion = Question<Arguments, Columns>
export type { Row }
