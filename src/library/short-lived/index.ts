/**
 * Reports of processes that end before a report is due, such as command-line tools: sent at the end of the process within a time
 * limit, or by a child process that outlives it. Loaded at the shutdown of such a process only.
 */
export { deliverJob, MACHINE } from './child.ts'
export { type EndingProcess, flushOnShutdown } from './flush.ts'
