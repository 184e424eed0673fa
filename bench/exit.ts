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

/** May take what the product gives it, and has no part in the budget. */
const WITHIN = ours("`usage.shutdown()`, a report due, `delivery: { within: '500ms' }`", {
  how: { delivery: { within: '500ms' } },
})

/** What their documentation has a host call at its end. */
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

/** How often each host counts before it ends. */
const COUNTS = 5

/** From where on an end is slow, in milliseconds. That is waiting and no work, so these run side by side, and few of them. */
const SLOW = 1_000
const SLOW_PROCESSES = 3
/** From the start of one of them to that of the next, in milliseconds. */
const APART = 250

const BUDGET: Budget = {
  what: 'Longest of the ends without `delivery`',
  limit: 50,
  unit: 'ms',
  floor: 'The floor is the end of Node.js itself, and one small file that has to be on the disk before it.',
}

/** A host, what its endpoint does, and how its runs have ended. */
interface Case {
  readonly contender: Contender
  readonly conduct: Conduct
  readonly endings: Ending[]
}

/** How long the end of a host takes while its endpoint misbehaves, and what becomes of what it has counted. */
export async function measureExit(): Promise<string[]> {
  const bare: Case = { contender: { title: 'Node.js alone' }, conduct: 'ok', endings: [] }
  const own = OURS.flatMap(casesOf)
  const within = casesOf(WITHIN)
  const theirs = THEIRS.flatMap(casesOf)

  const began = performance.now()
  // Which of them are slow is not known before.
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

/** What of each case has arrived once its hosts have run again, two at a time: nothing is measured any more. */
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
