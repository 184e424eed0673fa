import { constants } from 'node:fs'
import { access, open, statfs } from 'node:fs/promises'
import { arch, availableParallelism, machine, platform, release, totalmem, version } from 'node:os'
import path from 'node:path'
import {
  Buffer,
  type Environment,
  process,
  systemClock,
  systemEnvironment,
  type URL,
} from '../../platform/index.ts'

/**
 * All access of the packs to the process and its machine. It includes no child processes, network, host name or user. Each pack uses only
 * the functions that its options name.
 */
export interface PackHost {
  /** Reads at most the first `most` bytes of a regular file. Rejects when the file does not exist or cannot be read. */
  readFile(file: string | URL, most: number): Promise<Uint8Array>
  /** Resolves to `true` when the file or directory exists and is visible to the process. */
  exists(file: string): Promise<boolean>
  environment(): Environment
  platform(): string
  /** Architecture that the process was built for, as `process.arch`. */
  arch(): string
  /** Architecture of the machine, as `uname -m`. */
  machine(): string
  /** Release of the kernel, as `uname -r`. */
  release(): string
  /** Version of the system; on Windows its name and edition. */
  version(): string
  /** Number of processors that the process may use. */
  cores(): number
  /** Memory of the machine, in bytes. */
  totalMemory(): number
  /** Memory limit of the process, in bytes; `undefined` without one, or if it is not known. */
  memoryLimit(): number | undefined
  /** Size of the file system of a directory, in bytes. Default: the file system of the runtime. */
  diskSize(directory: string | URL | undefined): Promise<number>
  /** Versions of the runtime and its components by name, as `process.versions`. */
  versions(): Readonly<Record<string, string | undefined>>
  /** `true` when the process is a single executable application of runtime and program. */
  singleExecutable(): boolean
  /** Time since the start of the process, in seconds. */
  uptime(): number
  /** Wall-clock time in milliseconds since 1970. */
  now(): number
}

/** Access to this process and its machine. */
export const systemPackHost: PackHost = {
  readFile,
  exists: (file) =>
    access(file).then(
      () => true,
      () => false,
    ),
  environment: systemEnvironment,
  platform,
  arch,
  machine,
  release,
  version,
  cores: availableParallelism,
  totalMemory: totalmem,
  // Node.js returns 0 if it does not know a limit, and more than the machine has if there is none.
  memoryLimit() {
    const limit = process.constrainedMemory()
    return limit > 0 && limit < totalmem() ? limit : undefined
  },
  async diskSize(directory = path.parse(process.execPath).root) {
    const { blocks, bsize } = await statfs(directory)
    return blocks * bsize
  },
  versions: () => process.versions,
  singleExecutable: () => process.getBuiltinModule('node:sea')?.isSea() ?? false,
  uptime: () => process.uptime(),
  now: () => systemClock.now(),
}

/** Opens the file without blocking: opening a named pipe would otherwise block a thread until something writes to the pipe. */
async function readFile(file: string | URL, most: number): Promise<Uint8Array> {
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    if (!(await handle.stat()).isFile()) throw new TypeError('not a regular file')
    const bytes = Buffer.alloc(most)
    let length = 0
    // Reads without the size: files in /proc and /sys report none.
    while (length < most) {
      const { bytesRead } = await handle.read(bytes, length, most - length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return bytes.subarray(0, length)
  } finally {
    await handle.close()
  }
}
