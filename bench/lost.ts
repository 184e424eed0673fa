import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { aDayLater, type Host, type Order, startHost } from './ending.ts'
import { startEndpoint } from './endpoints.ts'
import { spread } from './figure.ts'
import { range, table } from './page.ts'
import { footprintOf, PEERS } from './peers.ts'

/** Number of processes that share a directory, and number of counts of each. */
const HOSTS = 50
const COUNTS = 20

/** Number of rounds. The losses differ little, and fifty starts take seconds. */
const TURNS = 3

interface Contender extends Host {
  readonly title: string
  /** `true` if the counts are in a file; otherwise they are reported. */
  readonly inFile?: true
}

const OURS: Host = { program: 'programs/otel-usage.js', call: 'api' }
const IN_FILE = { call: 'count', how: { file: 'store.json' }, inFile: true } as const

const CONTENDERS: readonly Contender[] = [
  { title: 'otel-usage', ...OURS },
  {
    title: "otel-usage, a report due, and each may send it: `delivery: { within: '500ms' }`",
    ...OURS,
    how: { delivery: { within: '500ms' } },
  },
  { title: 'a JSON file, read, changed, written and renamed', program: 'programs/json-file.js', ...IN_FILE },
  ...PEERS.filter((peer) => peer.folder === 'update-notifier' && footprintOf(peer)).map(
    ({ title, folder }) => ({
      title: `configstore, in which ${title} keeps its state`,
      program: `peers/${folder}/store.js`,
      ...IN_FILE,
    }),
  ),
]

/** Measures the counts that are lost when many processes share a directory and count at the same time. */
export async function measureLost(): Promise<string[]> {
  const results = CONTENDERS.map((contender) => ({ contender, arrivals: [] as Arrival[] }))
  for (let turn = 0; turn < TURNS; turn++)
    for (const { contender, arrivals } of results) arrivals.push(await arrivalOf(contender))
  return [
    ...table(
      ['where they count', `lost of ${HOSTS * COUNTS}`, 'range', 'reports by their end'],
      results.map(({ contender: { title, inFile }, arrivals }) => {
        const lost = spread(arrivals.map(({ arrived }) => HOSTS * COUNTS - arrived))
        const reports = spread(arrivals.map((one) => one.reports))
        return [title, String(lost.median), range(lost), inFile ? '–' : range(reports)]
      }),
    ),
    '',
    `${HOSTS} processes on one directory begin at the same word, count ${COUNTS} times each, and end; ${TURNS} times. Lost is what does not arrive: in the file, or with all reports, each taken once by its id, when a host has run a day later. ` +
      'Less than nothing lost would be something doubled.',
  ]
}

interface Arrival {
  readonly arrived: number
  /** Number of reports that the processes themselves have sent. */
  readonly reports: number
}

async function arrivalOf({ title, inFile, ...host }: Contender): Promise<Arrival> {
  const home = mkdtempSync(path.join(tmpdir(), 'otel-usage-bench-'))
  await using endpoint = await startEndpoint('ok')
  const start = (order: Order) => {
    const child = startHost(order, endpoint, home)
    child.stderr.on('data', (complaint) => process.stderr.write(complaint))
    return { child, ended: once(child, 'exit') }
  }
  const hosts = Array.from({ length: HOSTS }, () => start({ ...host, counts: COUNTS, together: true }))
  await Promise.all(hosts.map(({ child, ended }) => Promise.race([once(child.stdout, 'data'), ended])))
  for (const { child } of hosts) child.stdin.end('go')
  await Promise.all(hosts.map(({ ended }) => ended))
  const reports = endpoint.requests
  if (!inFile) await start(aDayLater(host)).ended
  const arrived = inFile
    ? JSON.parse(readFileSync(path.join(home, IN_FILE.how.file), 'utf8')).commands
    : endpoint.accepted
  rmSync(home, { recursive: true, force: true })
  return { arrived, reports }
}
