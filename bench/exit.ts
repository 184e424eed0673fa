import { setTimeout } from 'node:timers/promises'
import { CAP, type Ending, endOf, type Host } from './ending.ts'
import type { Conduct } from './endpoints.ts'
import { type Figure, spread } from './figure.ts'
import { PROCESSES } from './fresh-process.ts'
import { type Budget, digits, missed, table, verdict } from './page.ts'
import { footprintOf, PEERS } from './peers.ts'

const CONDUCTS: Readonly<Record<Conduct, string>> = {
  ok: 'answers',
  refused: 'refuses',
  hanging: 'never answers',
  trickling: 'answers without end',
  'silent-names': 'name server silent',
  'unknown-name': 'no such name',
}

interface Contender extends Host {
  readonly title: string
}

const OURS: readonly Contender[] = [
  ours('`usage.shutdown()`', {}),
  ours('`usage.shutdown()`, a report under way', { report: 'under way' }),
  ours('`process.exit()`, a report under way', { report: 'under way', end: 'exit' }),
  ours('`process.exit()` alone', { end: 'exit' }),
]

/** Host whose time to end is set by the product: the budget does not apply to it. */
const WITHIN = ours("`usage.shutdown()`, a report due, `delivery: { within: '500ms' }`", {
  how: { delivery: { within: '500ms' } },
})

/** Calls at the end of a host, by the documentation of each library. */
const SHUTDOWNS: ReadonlyMap<string, string> = new Map([
  ['otel-3', 'provider.shutdown()'],
  ['posthog', 'posthog.shutdown()'],
  ['segment', 'analytics.closeAndFlush()'],
])

const THEIRS: readonly Contender[] = PEERS.filter(
  (peer) => SHUTDOWNS.has(peer.folder) && footprintOf(peer),
).map(({ title, folder }) => ({
  title: `${title}: \`${SHUTDOWNS.get(folder)}\``,
  program: `peers/${folder}/program.js`,
  call: 'count',
}))

/** Number of counts of each host before its end. */
const COUNTS = 5

/** Time from which an end is slow, in milliseconds. A slow process waits and does not work, so a few of them run side by side. */
const SLOW = 1_000
const SLOW_PROCESSES = 3
/** Time between the starts of two of them, in milliseconds. */
const APART = 250

const BUDGET: Budget = {
  what: 'Longest of the ends without `delivery`',
  limit: 50,
  unit: 'ms',
  floor: 'The floor is the end of Node.js itself, and one small file that has to be on the disk before it.',
}

/** Host, behaviour of its endpoint, and results of its runs. */
interface Case {
  readonly contender: Contender
  readonly conduct: Conduct
  readonly endings: Ending[]
}

/** Measures the time that a host takes to end while its endpoint misbehaves, and the share of its counts that arrives. */
export async function measureExit(): Promise<string[]> {
  const bare: Case = { contender: { title: 'Node.js alone' }, conduct: 'ok', endings: [] }
  const own = OURS.flatMap(casesOf)
  const within = casesOf(WITHIN)
  const theirs = THEIRS.flatMap(casesOf)

  const began = performance.now()
  // The first runs show which of them are slow.
  await sideBySide(theirs)
  const slow = theirs.filter(({ endings }) => endings.some(({ latency }) => latency > SLOW))
  await sideBySide(Array.from({ length: SLOW_PROCESSES - 1 }, () => slow).flat())
  const waited = performance.now() - began
  const quick = [bare, ...own, ...within, ...theirs.filter((one) => !slow.includes(one))]
  for (let turn = 0; turn < PROCESSES; turn++) for (const one of quick) await runOnce(one)

  const cases = [...own, ...within, ...theirs]
  const arrived = await runAgain([bare, ...cases])
  const rows = [...Map.groupBy(cases, ({ contender }) => contender)]
  const longest = Math.max(...own.map((one) => latencyOf(one).median))
  const worst = Math.max(...own.map((one) => latencyOf(one).max))
  return [
    ...table(
      ['the end of a host, and its endpoint', ...Object.values(CONDUCTS)],
      rows.map(([{ title }, those]) => [
        title,
        ...those.map((one) => `${lengthOf(one)}, ${fateOf(one, arrived)}`),
      ]),
    ),
    '',
    'The host has counted, and calls what its library documents for the end. The time is that from the call to the end of the process, of which ' +
      `${duration(latencyOf(bare).median)} are those of a Node.js that has loaded nothing. *Delivered*: all counts have arrived by then. *Kept*: they arrive when the host runs again a day later, ` +
      'with an endpoint that answers. *Lost*: none does. ' +
      `Medians of at least ${PROCESSES} processes; of ${SLOW_PROCESSES}, side by side, where they take more than a second, which is ${duration(waited)} of the whole run. A process that has not ended ${CAP / 1_000} s after its start is killed; ` +
      'all others have ended by themselves. “Answers without end” is a header that grows by ten letters a second; a silent name server is given up after ten seconds, as by `getaddrinfo`.',
    '',
    'What a host counts is written down every five minutes, with each report and at the shutdown: `process.exit()` alone costs what came after that.',
    '',
    `Ends with otel-usage but for \`delivery\`: ${verdict(longest, BUDGET)}; the longest of all single runs ${duration(worst)}.`,
    ...missed([[longest, BUDGET]]),
  ]
}

function casesOf(contender: Contender): Case[] {
  return (Object.keys(CONDUCTS) as Conduct[]).map((conduct) => ({ contender, conduct, endings: [] }))
}

async function runOnce({ contender, conduct, endings }: Case): Promise<void> {
  endings.push(await endOf(contender, conduct, COUNTS))
}

async function sideBySide(cases: readonly Case[]): Promise<void> {
  await Promise.all(cases.map((one, index) => setTimeout(index * APART).then(() => runOnce(one))))
}

/** Returns the counts of each case that have arrived after a second run of its hosts. Two run at a time, because no time is measured. */
async function runAgain(cases: readonly Case[]): Promise<ReadonlyMap<Case, number>> {
  const arrived = new Map<Case, number>()
  const left = cases.flatMap((one) => one.endings.map(({ again }) => ({ one, again }))).values()
  const work = async () => {
    for (const { one, again } of left) arrived.set(one, (await again()) + (arrived.get(one) ?? 0))
  }
  await Promise.all([work(), work()])
  return arrived
}

function fateOf(one: Case, arrived: ReadonlyMap<Case, number>): string {
  const { endings } = one
  const counted = endings.length * COUNTS
  const inTheEnd = arrived.get(one) ?? 0
  if (endings.every(({ delivered }) => delivered === COUNTS)) return 'delivered'
  if (inTheEnd === counted) return 'kept'
  return inTheEnd === 0 ? '**lost**' : `${inTheEnd} of ${counted} arrive`
}

function lengthOf(one: Case): string {
  const killed = one.endings.filter(({ killed }) => killed).length
  if (killed === 0) return duration(latencyOf(one).median)
  const often = killed === one.endings.length ? '' : ` ${killed} times of ${one.endings.length}`
  return `killed after ${CAP / 1_000} s${often}`
}

const latencyOf = ({ endings }: Case): Figure => spread(endings.map(({ latency }) => latency))

const duration = (milliseconds: number): string =>
  milliseconds < 1_000 ? `${digits(milliseconds)} ms` : `${digits(milliseconds / 1_000)} s`

function ours(title: string, how: Omit<Host, 'program' | 'call'>): Contender {
  return { title: `otel-usage: ${title}`, program: 'programs/otel-usage.js', call: 'api', ...how }
}
