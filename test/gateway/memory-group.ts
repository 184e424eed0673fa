import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** A control group of Linux with a memory limit, as systemd and Kubernetes make one. */
export interface MemoryGroup {
  /** A command that enters the group and then is the one given. */
  into(command: readonly string[]): string[]
  /** The most that it has taken so far, in bytes. */
  peak(): number
}

const V1 = '/sys/fs/cgroup/memory'
const V2 = '/sys/fs/cgroup'

/** Makes a group; `undefined` where this user or system cannot. */
export function memoryGroup(t: { after(end: () => void): void }, bytes: number): MemoryGroup | undefined {
  const isFirst = existsSync(path.join(V1, 'memory.limit_in_bytes'))
  const directory = path.join(isFirst ? V1 : V2, `otel-usage-test-${randomUUID()}`)
  try {
    mkdirSync(directory)
    writeFileSync(path.join(directory, isFirst ? 'memory.limit_in_bytes' : 'memory.max'), String(bytes))
  } catch {
    return undefined
  }
  t.after(() => {
    try {
      rmdirSync(directory)
    } catch {
      // A process in it has not ended yet.
    }
  })
  return {
    into: (command) => ['sh', '-c', `echo $$ > ${directory}/cgroup.procs; exec "$@"`, 'sh', ...command],
    peak: () =>
      Number(
        readFileSync(path.join(directory, isFirst ? 'memory.max_usage_in_bytes' : 'memory.peak'), 'utf8'),
      ),
  }
}
