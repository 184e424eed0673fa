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
 * Everything that the packs can see of the process and its machine. There is no way to a child process, a network, a host
 * name or a user in it, and each pack takes only the functions that it names in its options.
 */
export interface PackHost {
  /** The first bytes of a regular file, at most `most`. Rejects where there is none, or it cannot be read. */
  readFile(file: string | URL, most: number): Promise<Uint8Array>
  /** Whether there is such a file or directory, as far as the process can see. */
  exists(file: string): Promise<boolean>
  environment(): Environment
  platform(): string
  /** What the process was built for, as `process.arch`. */
  arch(): string
  /** What the machine is, as `uname -m`. */
  machine(): string
  /** The release of the kernel, as `uname -r`. */
  release(): string
  /** The version of the system: on Windows its name and edition. */
  version(): string
  /** Processors that the process may use. */
  cores(): number
  /** Memory of the machine in bytes. */
  totalMemory(): number
  /** Memory that the process is limited to in bytes; 0 or more than there is where it is not. */
  memoryLimit(): number
  /** Bytes of the file system that holds a directory; without one, of the file system that holds the runtime. */
  diskSize(directory: string | URL | undefined): Promise<number>
  /** The runtime and its parts by name, as `process.versions`. */
  versions(): Readonly<Record<string, string | undefined>>
  /** Whether the process runs from one file that holds runtime and program. */
  singleExecutable(): boolean
  /** Seconds since the process started. */
  uptime(): number
  /** Wall-clock time in milliseconds since 1970. */
  now(): number
}

/** The process and the machine it runs on. */
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
  memoryLimit: () => process.constrainedMemory(),
  async diskSize(directory = path.parse(process.execPath).root) {
    const { blocks, bsize } = await statfs(directory)
    return blocks * bsize
  },
  versions: () => process.versions,
  singleExecutable: () => process.getBuiltinModule('node:sea')?.isSea() ?? false,
  uptime: () => process.uptime(),
  now: () => systemClock.now(),
}

/** Never waits: opened without blocking, so that a pipe in the place of a file does not hold a thread until somebody writes. */
async function readFile(file: string | URL, most: number): Promise<Uint8Array> {
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    if (!(await handle.stat()).isFile()) throw new TypeError('not a regular file')
    const bytes = Buffer.alloc(most)
    let length = 0
    // The size is not asked for: files of /proc and /sys have none.
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
