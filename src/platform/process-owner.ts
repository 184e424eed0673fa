import { readLinkNow, readTextFile } from './files.ts'
import { process } from './natives.ts'

/** A process as another one on the same machine can know it. It is written beside work that is under way, and never sent. */
export interface ProcessOwner {
  readonly pid: number
  /** Where process ids mean the same: the machine, or the container. On another one they mean somebody else. */
  readonly host: string
  /** Whether a process of this machine has ended, for certain. */
  hasEnded(pid: number): boolean
}

/** This process. */
export const processOwner = (): ProcessOwner => ({
  pid: process.pid,
  host: placeOfPids(),
  hasEnded(pid) {
    try {
      process.kill(pid, 0)
      return false
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ESRCH'
    }
  },
})

/** Looked for once: it stays for as long as the process lives, and is written beside much of what it writes. */
let place: string | undefined

/**
 * What tells this start of the machine from others: the monotonic clock runs since then. Outside of Linux it tells the machine only,
 * where that clock is further behind after each start.
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

function placeOfPids(): string {
  place ??= findPlaceOfPids()
  return place
}

/**
 * The name of the machine does not tell it: containers may have that of their host, or all the same one, and then each takes the
 * living processes of the others for ended. On Linux it is the system that was booted, and the namespace of process ids in it.
 */
function findPlaceOfPids(): string {
  const hostname = process.getBuiltinModule('node:os').hostname()
  try {
    return `${hostname} ${readTextFile(BOOT_ID).trim()} ${readLinkNow('/proc/self/ns/pid')}`
  } catch {
    return hostname
  }
}
