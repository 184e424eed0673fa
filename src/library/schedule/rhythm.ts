/**
 * Where on the time axis the reports of an installation lie.
 *
 * Every installation has a grid of its own: the multiples of the interval, moved by an offset that was drawn once. Each report
 * belongs to a grid point, and the next one is due an interval after *that point*: neither the duration of a report nor a late
 * timer moves those that follow, and a fleet that was started by one command reports spread over the whole interval.
 *
 * A report that comes late by more than half an interval belongs to the point in the middle. So the next one is due between half
 * an interval and one interval (and {@link EARLY}) later: a machine that runs for a minute each day, at whatever time of day, reports
 * each day. As the points of two reports are at least an interval apart, there are never more than `t / interval + 1` in a time `t`.
 */
export interface Rhythm {
  /** Milliseconds from one report to the next. */
  readonly interval: number
  /** More reports at the beginning, so that installations that live for hours are told from those that live for years. */
  readonly firstPhase?: { readonly interval: number; readonly count: number } | undefined
}

/**
 * How much before its time a process that has just started reports, as a part of the interval: it may not live until then. Half
 * an hour of a day.
 */
export const EARLY = 1 / 48

/** Milliseconds from the report of this number to the next one. */
export function periodAfter({ interval, firstPhase }: Rhythm, reports: number): number {
  return firstPhase !== undefined && reports < firstPhase.count ? firstPhase.interval : interval
}

/**
 * When the next report is due after the report of this number, made at `at`, on the grid with this offset (0 to 1).
 *
 * @param isNew whether the offset was drawn for this report. Default: false
 */
export function dueAfter(rhythm: Rhythm, offset: number, reports: number, at: number, isNew = false): number {
  const period = periodAfter(rhythm, reports)
  const intervals = at / period + EARLY - offset
  // Onto a grid that it is not on yet, an installation goes by the nearest point: up to one interval and a half later, or a
  // fleet that was started at once would have half of the day for itself.
  const joins = isNew || reports <= 1 || reports === rhythm.firstPhase?.count
  const point = joins ? Math.round(intervals) : Math.floor(intervals * 2) / 2
  return Math.round((point + offset + 1) * period)
}

/** Where a grid lies, drawn at random. */
export const drawOffset = (random: () => number): number => Math.floor(random() * 1e6) / 1e6
