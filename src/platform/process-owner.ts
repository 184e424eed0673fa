import { readLinkNow, readTextFile } from './files.ts'
import { process } from './natives.ts'

/** Identity of a process for other processes on the same machine. It is stored with work in progress, and never sent. */
export interface ProcessOwner {
  readonly pid: number
  /** Machine or container in which the process id is valid. */
  readonly host: string
  /** Returns whether a process of this machine or container has certainly ended. */
  hasEnded(pid: number): boolean
}

/** Returns the identity of this process. */
export const processOwner = (): ProcessOwner => ({
  pid: process.pid,
  host: pidScope(),
  hasEnded(pid) {
    try {
      process.kill(pid, 0)
      return false
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ESRCH'
    }
  },
})

/** Cached scope of this process's ids: it never changes while the process lives. */
let knownPidScope: string | undefined

/**
 * Returns a name for this start of the machine, which the monotonic clock counts from. Outside Linux it names only the machine; there
 * the monotonic clock is lower after each start.
 */
export function bootOfMachine(): string {
  boot ??= findBoot()
  return boot
}

let boot: string | undefined

function findBoot(): string {
  try {
    return readTextFile(BOOT_ID).trim()
  } catch {
    return process.getBuiltinModule('node:os').hostname()
  }
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id'

function pidScope(): string {
  knownPidScope ??= findPidScope()
  return knownPidScope
}

/**
 * Returns a name for the scope in which this process's ids are valid. The host name is not enough: containers may share it, and each
 * would then take the running processes of the others for ended. On Linux the boot id and the pid namespace are added.
 */
function findPidScope(): string {
  const hostname = process.getBuiltinModule('node:os').hostname()
  try {
    return `${hostname} ${readTextFile(BOOT_ID).trim()} ${readLinkNow('/proc/self/ns/pid')}`
  } catch {
    return hostname
  }
}
