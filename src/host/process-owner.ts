/** A process as another one on the same machine can know it. It is written beside work that is under way, and never sent. */
export interface ProcessOwner {
  readonly pid: number
  /** The machine, or the container: process ids mean nothing on another one. */
  readonly host: string
  /** Whether a process of this machine has ended, for certain. */
  hasEnded(pid: number): boolean
}

/** This process. */
export const processOwner = (): ProcessOwner => ({
  pid: process.pid,
  host: process.getBuiltinModule('node:os').hostname(),
  hasEnded(pid) {
    try {
      process.kill(pid, 0)
      return false
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ESRCH'
    }
  },
})
