import type { LedgerEntry } from '../../library/ledger/index.ts'
import { Date, parseDuration } from '../../platform/index.ts'
import { shown } from '../operations/index.ts'
import { CommandFailure, type Context, EXIT } from './context.ts'
import { timeText } from './terminal.ts'

export interface LogOptions {
  readonly follow?: boolean
  readonly since?: string
  readonly lines?: string
  readonly outcome?: string
  readonly json?: boolean
}

/** Number of entries that are shown where nothing else is asked for. */
const DEFAULT_LINES = 20

/** Largest number of entries that are kept in memory to be shown in their order. */
const MAX_LINES = 10_000

/** Time between two looks at the log while it is followed, in milliseconds. */
const FOLLOW_INTERVAL = 1_000

/** `log`: the newest entries in their order, and with `--follow` what comes after them. Holds no bytes of reports. */
export async function log(context: Context, options: LogOptions): Promise<number> {
  const { stdout, usage, clock, signal } = context
  const { follow = false, json = false, outcome } = options
  const since = options.since === undefined ? undefined : timeOf(options.since, clock.now())
  const most =
    options.lines === undefined ? (since === undefined ? DEFAULT_LINES : MAX_LINES) : countOf(options.lines)
  const isMeant = (entry: LedgerEntry) => outcome === undefined || entry.outcome === outcome
  const write = (entry: Entry) =>
    stdout.write(json ? `${JSON.stringify(entry)}\n` : `${lineOf(entry, context)}\n`)

  const found: Entry[] = []
  let newest: string | undefined
  for await (const entry of usage.ledger.entries({ newestFirst: true })) {
    newest ??= keyOf(entry)
    if (found.length >= most || (since !== undefined && Date.parse(entry.at) < since)) break
    if (isMeant(entry)) found.push(entryOf(entry))
  }
  found.reverse()
  if (!follow && json) stdout.write(`${JSON.stringify({ entries: found })}\n`)
  else for (const entry of found) write(entry)
  if (!follow && !json && found.length === 0) stdout.write('The log has no such entry.\n')
  if (!follow) return EXIT.done

  while (!signal?.aborted) {
    await waitFor(context, FOLLOW_INTERVAL)
    const fresh: Entry[] = []
    let first: string | undefined
    for await (const entry of usage.ledger.entries({ newestFirst: true })) {
      const key = keyOf(entry)
      if (key === newest || fresh.length >= MAX_LINES) break
      first ??= key
      if (isMeant(entry)) fresh.push(entryOf(entry))
    }
    newest = first ?? newest
    for (const entry of fresh.reverse()) write(entry)
  }
  return EXIT.done
}

/** Entry of the log without the bytes of its report. */
type Entry = ReturnType<typeof entryOf>

const entryOf = ({ at, reportId, outcome, reason, endpoint, bytes, omitted }: LedgerEntry) => ({
  ...{ at, reportId, outcome, reason, endpoint },
  size: omitted ?? bytes?.length ?? 0,
})

/** Returns what tells an entry from others: a report has one entry for each outcome and time. */
const keyOf = ({ at, reportId, outcome }: LedgerEntry): string => `${at} ${reportId} ${outcome}`

function lineOf({ at, reportId, outcome, reason, size }: Entry, { terminal }: Context): string {
  const tone =
    outcome === 'sent' || outcome === 'exported'
      ? terminal.good
      : outcome === 'queued'
        ? terminal.dim
        : terminal.warn
  return `${timeText(at)}  ${tone(shown(outcome).padEnd(10))}  ${shown(reportId).slice(0, 13)}  ${String(size).padStart(6)} B  ${timeText(reason)}`
}

function timeOf(text: string, now: number): number {
  const span = parseDuration(text)
  const time = span === undefined ? Date.parse(text) : now - span
  if (Number.isFinite(time)) return time
  throw new CommandFailure(
    `'${text.slice(0, 60)}' is neither a time nor a span; write 2026-11-27, 2026-11-27T12:40Z, 90m, 2h or 7d.`,
    EXIT.calledWrongly,
  )
}

function countOf(text: string): number {
  if (text === 'all') return MAX_LINES
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new CommandFailure(
    `'${text.slice(0, 60)}' is not a number of entries from 1 to 9999; write -n 50, or -n all.`,
    EXIT.calledWrongly,
  )
}

/** Waits, at most until the command is ended. */
function waitFor({ clock, signal }: Context, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(milliseconds, done)
    function done() {
      timer.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    signal?.addEventListener('abort', done)
  })
}
