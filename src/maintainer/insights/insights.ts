import type { Catalog } from '../../catalog/index.ts'
import { describeValue, UsageConfigurationError } from '../../platform/index.ts'
import { type ClickHouseAddress, type ClickHouseConnection, connectClickHouse } from '../store/index.ts'
import type { Answer, AskedQuery } from './answer.ts'
import type { Given } from './arguments.ts'
import { type AnyQuestion, ask } from './ask.ts'
import type { ThrowAway } from './conditions.ts'
import { storeError } from './errors.ts'
import type { RowOf } from './question.ts'
import { QUESTIONS, type QuestionName } from './questions/all-questions.ts'

/** Address of the store, and how it is asked. A question may take 10 minutes, where `timeout` says nothing else. */
export interface InsightsOptions extends ClickHouseAddress {
  /** The product's catalog: answers then say what is rounded or randomized, and estimate what is randomized. Default: none. */
  readonly catalog?: Catalog | undefined
  /** Number of installations below which a group is not shown, 1 to 1,000. Default: 5. */
  readonly smallestGroup?: number | undefined
  /** Called with each query before it is sent. */
  readonly onQuery?: (query: AskedQuery) => void
}

/** Options of every question. */
export interface AskOptions {
  /** Name of the product in its reports. */
  readonly product: string
  /** Last day of the period (UTC), as a time or as in `2026-03-01`. Default: today. */
  readonly until?: string | Date | undefined
  /** Length of the period in days, 1 to 400. Default: that of the question. */
  readonly days?: number | undefined
  /** Range of versions, such as `>=2.4 <3`. Default: all. */
  readonly versions?: string | undefined
  /** Level of consent. Default: all. */
  readonly level?: string | undefined
  /** Conditions, such as `acme.edition=team,enterprise`, `acme.users>=8`, `acme.edition` (reported), `!acme.edition`. Default: none. */
  readonly where?: readonly string[] | undefined
  /** Kinds of throw-away installations that are left out. Default: none. */
  readonly leaveOut?: readonly ThrowAway[] | undefined
}

/** Descriptions of all questions, by name. */
export type Questions = typeof QUESTIONS

/** Answers to the questions of the maintainer: a function for each. */
export type Insights = {
  readonly [N in QuestionName]: (
    options: AskOptions & Given<Questions[N]['arguments']>,
  ) => Promise<Answer<RowOf<Questions[N]['columns']>>>
} & {
  /** Closes the connection. */
  close(): Promise<void>
}

/**
 * Answers questions from the store. Connects at the first question.
 *
 * A question rejects with `UsageConfigurationError` if an option cannot be used, with `MissingPackageError` if `@clickhouse/client` is not
 * installed, with `StoreUnreachableError` or `SchemaOlderError`, and with `InsightsError` if the store refuses a query.
 *
 * @throws {UsageConfigurationError} if `smallestGroup` is not a whole number from 1 to 1,000.
 */
export function createInsights(options: InsightsOptions): Insights {
  const { smallestGroup = 5, database = 'usage', catalog, onQuery } = options
  if (!Number.isInteger(smallestGroup) || smallestGroup < 1 || smallestGroup > 1_000) {
    const message = `is ${describeValue(smallestGroup)}; use a whole number from 1 to 1,000, such as 5`
    throw new UsageConfigurationError('createInsights', [{ path: 'smallestGroup', message }])
  }
  let connecting: Promise<ClickHouseConnection> | undefined
  const answer = async (name: string, question: AnyQuestion, given: Readonly<Record<string, unknown>>) => {
    connecting ??= connect(options)
    try {
      const connection = await connecting
      return await ask(name, question, given, { connection, database, smallestGroup, catalog, onQuery })
    } catch (error) {
      throw storeError(error, options.url, 'refused the question')
    }
  }
  const functions = Object.fromEntries(
    Object.entries(QUESTIONS).map(([name, question]) => [
      name,
      (given: Readonly<Record<string, unknown>>) =>
        answer(name, question as unknown as AnyQuestion, given ?? {}),
    ]),
  )
  return {
    ...(functions as unknown as Insights),
    close: async () => {
      await (await connecting)?.close()
    },
  }
}

/** Connects for questions that take long. A store that is away is found out in the time that the client takes for usual. */
async function connect({ timeout = 600_000, ...address }: InsightsOptions): Promise<ClickHouseConnection> {
  const connection = await connectClickHouse({ ...address, timeout })
  let isReached = false
  return {
    ...connection,
    async query(...asked) {
      if (!isReached) await reach(address)
      isReached = true
      return connection.query(...asked)
    },
  }
}

async function reach(address: ClickHouseAddress): Promise<void> {
  const connection = await connectClickHouse(address)
  try {
    await connection.query('SELECT 1')
  } finally {
    await connection.close()
  }
}
