/**
 * Grid of times at which an installation reports.
 *
 * Every installation has its own grid: the multiples of the interval, moved by an offset that was drawn once. Each report
 * belongs to a grid point, and the next one is due an interval after *that point*: neither the duration of a report nor a late
 * timer moves those that follow, and a fleet that was started by one command reports spread over the whole interval.
 *
 * A report that is more than half an interval late belongs to the point in the middle. So the next report is due between half
 * an interval and one interval (and {@link EARLY}) later: a machine that runs for a minute each day, at whatever time of day, reports
 * each day. As the points of two reports are at least an interval apart, there are never more than `t / interval + 1` in a time `t`.
 *
 * With the phase `start` no offset is drawn: the grid is that of the last due time, and the first one begins with the first report.
 */
export interface Rhythm {
  /** Time from one report to the next, in milliseconds. */
  readonly interval: number
  /** More reports at the beginning, so that installations that live for hours can be distinguished from those that live for years. */
  readonly firstPhase?: { readonly interval: number; readonly count: number } | undefined
  /** Position of the grid: at a random offset, or at the time of the first report. Default: `random`. */
  readonly phase?: 'random' | 'start' | undefined
}

/** State that the next due time depends on. */
export interface GridState {
  /** Offset of the grid, as a part of the interval: 0 to 1. */
  readonly offset: number
  /** Number of reports that were made. */
  readonly reports: number
  /** Time at which the last report was due, in milliseconds since 1970; `undefined` before the first report. */
  readonly dueAt?: number | undefined
}

/**
 * Time before the due time, as a part of the interval, in which a process that has just started already reports: it may end before
 * the due time. Half an hour of a day.
 */
export const EARLY = 1 / 48

/** Returns the milliseconds from the report of this number to the next one. */
export function periodAfter({ interval, firstPhase }: Rhythm, reports: number): number {
  return firstPhase !== undefined && reports < firstPhase.count ? firstPhase.interval : interval
}

/**
 * Returns the time at which the next report is due after the report number `reports`, made at `at`. Times are milliseconds since 1970.
 *
 * @param isNew whether the offset was drawn for this report, or the report followed the first yes and lies off the grid. Default: false
 */
export function dueAfter(rhythm: Rhythm, state: GridState, at: number, isNew = false): number {
  const { offset, reports, dueAt = at } = state
  const period = periodAfter(rhythm, reports)
  if (rhythm.phase === 'start') {
    const late = pointBefore((at - dueAt) / period + EARLY)
    return Math.round(dueAt + (late + 1) * period)
  }
  const intervals = at / period + EARLY - offset
  // An installation joins a new grid at the nearest point, up to one and a half intervals later. Otherwise a fleet that was
  // started at once would report within half of the day only.
  const joins = isNew || reports <= 1 || reports === rhythm.firstPhase?.count
  const point = joins ? Math.round(intervals) : pointBefore(intervals)
  return Math.round((point + offset + 1) * period)
}

/** Returns the last grid point, or the middle of two, in intervals. */
const pointBefore = (intervals: number): number => Math.floor(intervals * 2) / 2

/** Draws the offset of a grid: 0 to 1, 1 excluded. */
export const drawOffset = (random: () => number): number => Math.floor(random() * 1e6) / 1e6
