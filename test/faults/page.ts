import { arch, cpus, platform } from 'node:os'
import type { FaultRuns } from './run.ts'
import { isGood, type Result } from './stage.ts'

export interface PageParts {
  readonly played: readonly FaultRuns[]
  /** How it was run. */
  readonly command: string
  readonly version: string
  readonly at: Date
  /** In milliseconds. */
  readonly took: number
  /** The text of docs/records/mutants.md. */
  readonly mutants: string
  /** The page as it is: what the endurance run has written into it stays. */
  readonly before: string
}

const KINDS = {
  kill: 'Killed',
  disk: 'Disk',
  network: 'Network',
  clock: 'Clock',
  processes: 'Processes',
} as const

/** The text of docs/records/reliability.md. */
export function reliabilityPage({ played, command, version, at, took, before, mutants }: PageParts): string {
  const runs = played.flatMap((one) => one.runs)
  const bad = runs.filter((run) => !isGood(run)).length
  return [
    '# Reliability',
    '',
    `Written by \`${command}\` on ${at.toISOString().slice(0, 10)}: otel-usage ${version}, Node.js ${process.version}, ` +
      `${platform()} ${arch()}, ${cpus().length} × ${cpus()[0]?.model.trim()}, in ${Math.round(took / 60_000)} min.`,
    '',
    `**${played.length} faults, ${runs.length} runs, ${total(runs, 'lives')} hosts, ${total(runs, 'begun')} steps counted, ${total(runs, 'reports')} reports accepted: ` +
      `${total(runs, 'lost')} lost, ${total(runs, 'doubled')} doubled, ${length(runs, 'crashes')} crashes, ${length(runs, 'unhandled')} unhandled rejections; ` +
      `${bad === 0 ? 'every run ended as it has to' : `${bad} runs did not end as they have to`}.**`,
    '',
    '## What is measured',
    '',
    'A run starts real processes on a real directory, against a real receiver, and lets one thing go wrong while they count and report. Then all is well, and new processes report until the outbox is empty.',
    '',
    '- Each step of a host counts another power of four, in two series at once. So the sum of what the receiver has accepted says how often each step is in it. The tally is kept outside of the hosts.',
    '- A step is *certain* when a report after it, or an orderly end of the host, has come back to the host. Certain steps must arrive. A step that was under way when the host was killed, or was counted while nothing could be written, may arrive or not: never twice, never half, never without those before it.',
    '- The receiver takes each report once, by its `usage.report.id`; *repeats* are reports that came in again after it had accepted them.',
    '- *Crashes*: a host that ends otherwise than it was told to, prints a character, waits for the network in `shutdown()`, or stays. *Unhandled*: rejections that nobody handles and exceptions that nobody catches in a host. *Other*: a report under a known id with other bytes, an outbox that does not empty, a report to somebody who is not the receiver.',
    '',
    'Replay a run: `npm run test:faults -- --fault kill-in-write --seed 7`. The choices are the same; how processes take turns is up to the machine.',
    '',
    mutationScores(mutants),
    ...Object.entries(KINDS).flatMap(([kind, title]) =>
      table(
        title,
        played.filter(({ fault }) => fault.kind === kind),
      ),
    ),
    '',
    `${ENDURANCE}${before.split(ENDURANCE)[1] ?? '\n\nNot run yet: `npm run test:faults -- --endurance 10m`.\n'}`,
  ].join('\n')
}

/** Says how much of the code that is behind all this a test holds, from the table of docs/records/mutants.md. */
export function mutationScores(page: string): string {
  const rows = [...page.matchAll(/^\| `([\w/]+)` .*\| ([\d.]+ %) \|$/gm)].map(
    ([, room, score]) => `${room} ${score}`,
  )
  return `How many small changes to the code make a test fail, by room: ${rows.join(', ')} ([mutation testing](mutants.md)).`
}

/** The page with another result of the endurance run. */
export const withEndurance = (page: string, result: string): string =>
  `${page.split(ENDURANCE)[0]?.trimEnd()}\n\n${ENDURANCE}\n\n${result}\n`

const ENDURANCE = '## Killed at random for minutes, at the real Collector'

const HEADS = [
  'runs',
  'steps',
  'reports',
  'repeats',
  'lost',
  'doubled',
  'torn',
  'crashes',
  'unhandled',
  'other',
]

function table(title: string, played: readonly FaultRuns[]): string[] {
  return [
    '',
    `## ${title}`,
    '',
    `| fault | what happens | ${HEADS.join(' | ')} |`,
    `|---|---|${HEADS.map(() => '--:').join('|')}|`,
    ...played.map(({ fault, runs, skipped }) =>
      skipped === undefined
        ? `| ${fault.name} | ${fault.what} | ${cells(runs).join(' | ')} |`
        : `| ${fault.name} | ${fault.what}; not played: ${skipped} | 0 | ${HEADS.slice(1)
            .map(() => '')
            .join(' | ')} |`,
    ),
  ]
}

const cells = (runs: readonly Result[]): number[] => [
  runs.length,
  ...(['begun', 'reports', 'repeats', 'lost', 'doubled', 'torn'] as const).map((what) => total(runs, what)),
  ...(['crashes', 'unhandled', 'complaints'] as const).map((what) => length(runs, what)),
]

const total = (
  runs: readonly Result[],
  what: 'begun' | 'lives' | 'reports' | 'repeats' | 'lost' | 'doubled' | 'torn',
): number => runs.reduce((sum, run) => sum + run[what], 0)

const length = (runs: readonly Result[], what: 'crashes' | 'unhandled' | 'complaints'): number =>
  runs.reduce((sum, run) => sum + run[what].length, 0)
