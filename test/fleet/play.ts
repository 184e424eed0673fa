import path from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import {
  type ClickHouseAddress,
  type ClickHouseConnection,
  connectClickHouse,
  maintainStore,
  originOverlay,
  type RunningClickHouse,
  type RunningCollector,
} from '../../src/gateway.ts'
import { createInsights, type ImportSummary, importReports } from '../../src/insights.ts'
import { collectorConfigFile } from '../../src/maintainer/package/package-files.ts'
import { runClickHouse, runGateway, sampleOf, theCollector } from '../gateway/running-gateway.ts'
import { until } from '../gateway/scratch.ts'
import { checkAnswers } from '../insights/check-answers.ts'
import type { DayOfLife, Life } from '../insights/truth.ts'
import { type Happened, liveFleet, type Sending } from './lives.ts'
import { gatewayProducts } from './products.ts'
import { type Answer, entryOf, questions } from './questions.ts'
import { type PutOff, sendAll } from './send.ts'
import { createTruth, dayOf, lastOf, saidBy, type TakenOnDay, type Truth } from './truth.ts'

export interface PlayOptions {
  readonly directory: string
  readonly installations: number
  readonly days: number
  readonly seed: number
  /** How many reports are on their way at a time. Default: 64. */
  readonly connections?: number
  /** Lets 61 seconds pass for the store. Default: waits. */
  readonly letMinutePass?: (store: RunningClickHouse) => Promise<unknown>
  /** Told what is under way. */
  readonly say?: (text: string) => void
}

export interface Played {
  readonly happened: Readonly<Happened>
  /** Reports that were sent, copies included, and how long that took, in milliseconds. */
  readonly sent: number
  readonly took: number
  readonly putOff: PutOff
  /** Data points that the store was to get. */
  readonly points: number
  readonly withCountry: boolean
  /** Such as `Collector 0.161.0, ClickHouse 26.7.2.1`. */
  readonly ranOn: string
  readonly compared: readonly Compared[]
  /** How many numbers of answers of the insights were compared: all were equal. */
  readonly answered: number
  /** The same of a second store, made from the gateway's archive alone. */
  readonly rebuilt: Answered & { readonly summary: ImportSummary }
}

interface Answered {
  readonly compared: readonly Compared[]
  readonly answered: number
}

export interface Compared {
  readonly question: string
  readonly truth: Sums
  readonly store: Sums
  readonly differences: readonly string[]
}

/** How many numbers an answer has, and their sum. */
export interface Sums {
  readonly numbers: number
  readonly sum: number
}

/**
 * Lives a fleet, sends its reports through a real gateway into a real store, which is maintained meanwhile, and compares what the
 * store then answers with what was sent. Nothing of the tables is touched.
 */
export async function playFleet(
  t: Pick<TestContext, 'after' | 'diagnostic'>,
  options: PlayOptions,
): Promise<Played> {
  const { installations, days, seed, letMinutePass = waitAMinute, say = () => {} } = options
  const { sendings, happened } = liveFleet({ installations, days, seed, now: Date.now() })
  say(`${installations} installations have lived ${days} days: ${sendings.length} reports, copies included`)
  const parts = await startParts(t, options)
  const { store, gateway, withCountry, ranOn } = parts

  const sending = deliver(sendings, parts, options)
  const [delivered] = await Promise.all([sending, keepHouse(store, sending)])
  const { truth, points } = delivered
  say('all are taken')
  await until(
    'all points are in the store',
    async () =>
      (await sampleOf(gateway, 'otelcol_exporter_sent_metric_points', 'exporter="clickhouse"')) >= points &&
      (await sampleOf(gateway, 'otelcol_exporter_queue_size', 'exporter="clickhouse"')) === 0,
    600_000,
  )
  say('all are in the store; a minute later the last ones can be erased')
  await letMinutePass(store)
  const today = await maintainWithinADay(store)
  say('the store is maintained')

  const asked = { truth, today, withCountry, days }
  const answers = await ask(store, asked)
  say(`${answers.answered} numbers of the insights are right`)
  const second = await runClickHouse(t as TestContext, path.join(options.directory, 'second'))
  const summary = await rebuild(second, { ...parts, points })
  say(`a second store has ${summary.imported} reports of the archive`)
  const { compared, answered } = await ask(second, asked)
  // How many the first store has erased is in no report.
  const again = compared.filter(({ question }) => !question.startsWith('requests to be forgotten'))
  const rebuilt = { summary, compared: again, answered }
  return { ...delivered, happened, sent: sendings.length, withCountry, ranOn, ...answers, rebuilt }
}

/** Makes a second store from what the gateway has kept beside the first one. */
async function rebuild({ url }: RunningClickHouse, { gateway, points }: Parts & { points: number }) {
  await until(
    'all points are in the archive',
    async () =>
      (await sampleOf(gateway, 'otelcol_exporter_sent_metric_points', 'exporter="file/archive"')) >= points,
    600_000,
  )
  const paths = [path.join(gateway.directory, 'archive')]
  const summary = await importReports({ url, paths, products: gatewayProducts, archive: true })
  await maintainStore({ url })
  return summary
}

interface AskedOf {
  readonly truth: Truth
  readonly today: string
  readonly withCountry: boolean
  readonly days: number
}

/** Asks a store everything, and compares it with what was sent. */
async function ask(store: ClickHouseAddress, asked: AskedOf): Promise<Answered> {
  const connection = await connectClickHouse({ ...store, timeout: 600_000 })
  try {
    const compared: Compared[] = []
    for (const { question, truth, sql } of questions(asked))
      compared.push(compare(question, truth, await answerOf(connection, sql)))
    return { compared, answered: await checkInsights(store, asked) }
  } finally {
    await connection.close()
  }
}

/** Puts every question of the insights, with filters, to the store, and compares it with what was sent. */
async function checkInsights(
  store: ClickHouseAddress,
  { truth, today, days, withCountry }: AskedOf,
): Promise<number> {
  const product = 'acme-db'
  const lives = truth
    .installations()
    .filter((each) => each.product === product)
    .map(
      (each): Life => new Map([...each.days].map(([day, reports]) => [day, dayOfLife(reports, withCountry)])),
    )
  const insights = createInsights({ ...store, smallestGroup: 1 })
  try {
    return await checkAnswers(insights, lives, { product, until: today, days })
  } finally {
    await insights.close()
  }
}

function dayOfLife(reports: TakenOnDay, withCountry: boolean): DayOfLife {
  const numbers: Record<string, Record<string, { last: number; sum: number }>> = {}
  for (const { report } of [...reports.values()].sort((a, b) => a.second - b.second)) {
    for (const [fact, dimensions, value] of saidBy(report, withCountry).numbers) {
      numbers[fact] ??= {}
      numbers[fact][dimensions] = { last: value, sum: (numbers[fact][dimensions]?.sum ?? 0) + value }
    }
  }
  return { attributes: saidBy(lastOf(reports), withCountry).attributes, numbers }
}

interface Parts {
  readonly store: RunningClickHouse
  readonly gateway: RunningCollector
  readonly withCountry: boolean
  readonly ranOn: string
}

async function startParts(
  t: Pick<TestContext, 'after' | 'diagnostic'>,
  { directory }: PlayOptions,
): Promise<Parts> {
  const store = await runClickHouse(t as TestContext, directory)
  const collector = await theCollector()
  // Only Linux has all of 127.0.0.0/8.
  const origin = process.platform === 'linux' ? (await originOverlay(collector, process.env)).configs : []
  const gateway = await runGateway(t as TestContext, {
    ...{ directory, collector, products: gatewayProducts, nativeEndpoint: store.nativeEndpoint },
    configs: [collectorConfigFile('archive.yaml'), ...origin],
    environment: {
      USAGE_GATEWAY_RETRY_AFTER: '1',
      USAGE_GATEWAY_COUNTRY_DATABASE: collectorConfigFile('origin/testdata/loopback.mmdb'),
    },
  })
  const ranOn = `Collector ${collector.version}, ClickHouse ${store.version}`
  return { store, gateway, withCountry: origin.length > 0, ranOn }
}

/** Sends everything, and writes down what was taken. */
async function deliver(
  sendings: readonly Sending[],
  { gateway, withCountry }: Parts,
  { connections = 64, say = () => {} }: PlayOptions,
) {
  const truth = createTruth()
  let points = 0
  const began = performance.now()
  const putOff = await sendAll(sendings, {
    ...{ url: gateway.url, connections, fromOwnAddress: withCountry },
    onTaken(report, at) {
      truth.take(report, at)
      points += saidBy(report, withCountry).numbers.length
    },
    onProgress(done) {
      if (done % Math.ceil(sendings.length / 10) === 0) say(`${done} reports sent`)
    },
  })
  return { truth, points, putOff, took: performance.now() - began }
}

/** What is to be done every hour, done while it is sent: a quarter of that time. */
async function keepHouse(store: RunningClickHouse, sending: Promise<unknown>): Promise<void> {
  const over = sending.then(
    () => true,
    () => true,
  )
  for (let isOver = false; !isOver; ) {
    const began = performance.now()
    await maintainStore(store)
    isOver = await Promise.race([over, setTimeout(3 * (performance.now() - began), false, { ref: false })])
  }
}

/** The rollups go up to the day of the last run. */
async function maintainWithinADay(store: RunningClickHouse): Promise<string> {
  for (;;) {
    const today = dayOf(Date.now())
    await maintainStore(store)
    if (dayOf(Date.now()) === today) return today
  }
}

/** What came in within the last minute is erased by the next run but one: see maintain.sql. */
const waitAMinute = () => setTimeout(61_000)

async function answerOf(connection: ClickHouseConnection, sql: string): Promise<Answer> {
  return new Map((await connection.query<Record<string, string | number>>(sql)).map(entryOf))
}

function compare(question: string, truth: Answer, store: Answer): Compared {
  const keys = new Set([...truth.keys(), ...store.keys()])
  const differences = [...keys]
    .filter((key) => truth.get(key) !== store.get(key))
    .map(
      (key) => `${key}: ${truth.get(key) ?? 'nothing'} in truth, ${store.get(key) ?? 'nothing'} in the store`,
    )
  return { question, truth: sumsOf(truth), store: sumsOf(store), differences }
}

function sumsOf(answer: Answer): Sums {
  let sum = 0
  for (const value of answer.values()) sum += value
  return { numbers: answer.size, sum }
}
