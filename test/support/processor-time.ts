/**
 * Begins to measure the processor time of this process. Returns a function that gives what was used since then, in milliseconds. Unlike
 * wall time, it hardly grows on a busy machine.
 */
export function startProcessorTime(): () => number {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000
  }
}
