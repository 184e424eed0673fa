import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Directory of Linux for files in memory. */
const MEMORY = '/dev/shm'
/** Free memory, in bytes, from which on that directory is used. The files of all tests at once are a tenth of that. */
const MIN_FREE = 8 * 2 ** 30

/** Signals that end a run, each with the exit code of a process that was ended by it. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/**
 * Makes a directory in memory for the files of the tests, which otherwise wait for the disk most of their time, and removes it at the end
 * of the process. Returns the system's directory for temporary files where memory is short, or where programs cannot be run from memory,
 * as in some containers.
 */
export function temporaryDirectory(): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    if (Math.min(bavail * bsize, process.availableMemory()) < MIN_FREE) return tmpdir()
    // A short name: a message shows as much of a path as fits.
    const directory = mkdtempSync(`${MEMORY}/t-`)
    process.once('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
    for (const [signal, code] of Object.entries(SIGNALS)) process.once(signal, () => process.exit(code))
    // Some tests run programs as another user.
    chmodSync(directory, 0o1777)
    const program = path.join(directory, 'program')
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 })
    execFileSync(program)
    return directory
  } catch {
    return tmpdir()
  }
}
