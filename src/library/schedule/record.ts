import { Date, parseOwn } from '../../platform/index.ts'
import { dueAfter, periodAfter, type Rhythm } from './rhythm.ts'
import { type Undecided, undecidedIn } from './undecided.ts'

/** What is remembered of an installation's reports. Times are milliseconds of the wall clock as it is set now. */
export interface ScheduleRecord {
  /** Where its grid lies, as a part of the interval. Says nothing about the installation: it is drawn at random. */
  readonly offset: number
  /** The first start; moved where the clock was set while it was waited. */
  readonly startedAt: number
  /** There while nobody has decided, as it was last written down. */
  readonly undecided?: Undecided | undefined
  /** How many reports were made. */
  readonly reports: number
  readonly lastReportAt?: number | undefined
  /** When the next one is due on the grid; there from the first report on. */
  readonly dueAt?: number | undefined
}

/** The record after the wall clock has gone `step` milliseconds further than the monotonic clock. */
export function shiftForClockStep(record: ScheduleRecord, step: number): ScheduleRecord {
  const { startedAt, lastReportAt, dueAt } = record
  // What must be waited for passes by the monotonic clock alone: a clock that is set does not shorten it.
  const waiting = { ...record, startedAt: dueAt === undefined ? startedAt + step : startedAt }
  // Forward: the machine may have been asleep, and then the report is due. Backward: that can only have been set.
  if (step > 0) return waiting
  return { ...waiting, lastReportAt: moved(lastReportAt, step), dueAt: moved(dueAt, step) }
}

/** The record of another process. It does not shorten what this one knows that must still be waited for. */
export function merge(found: ScheduleRecord, own: ScheduleRecord | undefined): ScheduleRecord {
  const { startedAt } = found
  return { ...found, startedAt: Math.max(startedAt, own?.startedAt ?? startedAt) }
}

/** The record without what cannot be: it was stored before the clock was set, or made for another interval. */
export function sanitize(record: ScheduleRecord, now: number, rhythm: Rhythm): ScheduleRecord {
  const { startedAt, dueAt } = record
  return {
    ...record,
    startedAt: Math.min(startedAt, now),
    dueAt: dueAt === undefined ? undefined : sanitizeDue(dueAt, record, now, rhythm),
  }
}

function sanitizeDue(dueAt: number, record: ScheduleRecord, now: number, rhythm: Rhythm): number {
  const { offset, reports, lastReportAt = Number.POSITIVE_INFINITY } = record
  const period = periodAfter(rhythm, reports)
  // Planned while the clock was wrong: by the right one, it would come too soon after the last report.
  if (lastReportAt <= now && dueAt < lastReportAt + period / 2)
    return dueAfter(rhythm, offset, reports, lastReportAt)
  // Never further than that: a clock that was set back must not silence an installation for years.
  return dueAt > now + 2 * period ? dueAfter(rhythm, offset, reports, now) : dueAt
}

export function recordText(record: ScheduleRecord): string {
  const { offset, reports, startedAt, undecided: { since, ...undecided } = {}, lastReportAt, dueAt } = record
  const times = {
    startedAt: textOf(startedAt),
    undecidedSince: textOf(since),
    lastReportAt: textOf(lastReportAt),
    dueAt: textOf(dueAt),
  }
  return `${JSON.stringify({ offset, reports, ...times, ...(since !== undefined && { undecided }) })}\n`
}

/** The record in an entry; `undefined` where it is damaged. */
export function parseRecord(text: string): ScheduleRecord | undefined {
  try {
    const { offset, reports, undecided, ...times } = parseOwn(text)
    const startedAt = timeIn(times.startedAt)
    const whole = offset >= 0 && offset < 1 && Number.isSafeInteger(reports) && reports >= 0
    if (!whole || startedAt === undefined) return undefined
    return {
      ...{ offset, reports, startedAt },
      undecided: undecidedIn(timeIn(times.undecidedSince), undecided),
      lastReportAt: timeIn(times.lastReportAt),
      dueAt: timeIn(times.dueAt),
    }
  } catch {
    return undefined
  }
}

const moved = (time: number | undefined, step: number) => (time === undefined ? undefined : time + step)

const textOf = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString())

function timeIn(text: unknown): number | undefined {
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}
