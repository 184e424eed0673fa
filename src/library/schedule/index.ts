/** Schedule of reports: a daily rhythm that survives restarts, clocks that are set and machines that sleep. */
export { parseRecord } from './record.ts'
export { createSchedule, type Schedule, type ScheduleOptions } from './schedule.ts'
export { createUndecidedWait, type UndecidedWait } from './undecided-wait.ts'
