/** When a report is due: a daily rhythm that survives restarts and clocks that are set. */
export { createSchedule, type Schedule, type ScheduleOptions } from './schedule.ts'
