import { Date, ownOf, parseOwn } from '../../platform/index.ts'
import { dueAfter, type GridState, periodAfter, type Rhythm } from './rhythm.ts'
import { type Undecided, undecidedIn } from './undecided.ts'

/** Persisted state of an installation's schedule. Times are milliseconds since 1970 by the wall clock as it is set now. */
export interface ScheduleRecord extends GridState {
  /** Random offset of the installation's grid, as a part of the interval: 0 to 1, 1 excluded. */
  readonly offset: number
  /** Time of the first start. It moves with the clock if the clock is set during the initial delay. */
  readonly startedAt: number
  /** Time without a decision, as last stored; `undefined` once somebody has decided. */
  readonly undecided?: Undecided | undefined
  /** Number of reports that were made. */
  readonly reports: number
  readonly lastReportAt?: number | undefined
  /** `true` while no report was allowed to leave the machine. The first yes then makes a report due. */
  readonly unsent?: boolean | undefined
  /** Time on the grid at which the next report is due; `undefined` before the first report. */
  readonly dueAt?: number | undefined
}

/** Returns the record after the wall clock has moved `step` milliseconds more than the monotonic clock; negative if set back. */
export function shiftForClockStep(record: ScheduleRecord, step: number): ScheduleRecord {
  const { startedAt, lastReportAt, dueAt } = record
  // The initial delay is measured by the monotonic clock alone: setting the wall clock does not shorten it.
  const waiting = { ...record, startedAt: dueAt === undefined ? startedAt + step : startedAt }
  // Forward: the machine may have slept, and then the report is due. Backward: the clock was set.
  if (step > 0) return waiting
  return { ...waiting, lastReportAt: moved(lastReportAt, step), dueAt: moved(dueAt, step) }
}

/** Merges the record of another process with this process's own, so that the remaining initial delay never gets shorter. */
export function merge(found: ScheduleRecord, own: ScheduleRecord | undefined): ScheduleRecord {
  const { startedAt } = found
  return { ...found, startedAt: Math.max(startedAt, own?.startedAt ?? startedAt) }
}

/** Corrects impossible times of a record that was stored before the clock was set, or computed for another interval. */
export function sanitize(record: ScheduleRecord, now: number, rhythm: Rhythm): ScheduleRecord {
  const { startedAt, dueAt } = record
  return {
    ...record,
    startedAt: Math.min(startedAt, now),
    dueAt: dueAt === undefined ? undefined : sanitizeDue(dueAt, record, now, rhythm),
  }
}

function sanitizeDue(dueAt: number, record: ScheduleRecord, now: number, rhythm: Rhythm): number {
  const { reports, lastReportAt = Number.POSITIVE_INFINITY } = record
  // A due time that cannot be right is not a point of a grid.
  const state = { ...record, dueAt: undefined }
  const period = periodAfter(rhythm, reports)
  // Planned while the clock was wrong: by the correct clock, the report would come too soon after the last one.
  if (lastReportAt <= now && dueAt < lastReportAt + period / 2) return dueAfter(rhythm, state, lastReportAt)
  // At most two periods ahead: a clock that was set back must not silence an installation for years.
  return dueAt > now + 2 * period ? dueAfter(rhythm, state, now) : dueAt
}

/** Returns the record after a yes: if no report was ever sent, one is due now, as those before were for the local log only. */
export function afterYes(record: ScheduleRecord, now: number): ScheduleRecord {
  const isWaiting = record.unsent && record.dueAt !== undefined && record.dueAt > now
  return isWaiting ? { ...record, lastReportAt: undefined, dueAt: now } : record
}

export function recordText(record: ScheduleRecord): string {
  const { offset, reports, startedAt, lastReportAt, dueAt, unsent } = record
  const { since, ...undecided } = ownOf<Partial<Undecided>>({ ...record.undecided })
  const times = {
    startedAt: textOf(startedAt),
    undecidedSince: textOf(since),
    lastReportAt: textOf(lastReportAt),
    dueAt: textOf(dueAt),
  }
  return `${JSON.stringify({ offset, reports, ...times, ...(unsent && { unsent }), ...(since !== undefined && { undecided }) })}\n`
}

/** Parses the record in an entry; returns `undefined` if it is damaged. */
export function parseRecord(text: string): ScheduleRecord | undefined {
  try {
    const { offset, reports, undecided, unsent, ...rest } = parseOwn(text)
    const times = ownOf(rest)
    const startedAt = timeIn(times.startedAt)
    const whole = offset >= 0 && offset < 1 && Number.isSafeInteger(reports) && reports >= 0
    if (!whole || startedAt === undefined) return undefined
    return {
      ...{ offset, reports, startedAt, unsent: unsent === true },
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
