import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

/** Lock on long work, for which other processes wait. */
export interface WorkLock {
  /** Shows the current phase to waiting processes. */
  phase(text: string): void
  release(): Promise<void>
}

export interface WorkLockOptions {
  /** Path of the directory that is the lock. */
  readonly path: string
  /** Called about twice a second while another process has the lock: `true` if the work is done. */
  readonly isDone: () => Promise<boolean>
  /** Called with the phase of the other process. */
  readonly onWait: (text: string) => void
  /** Milliseconds without a sign of life after which the owner counts as dead. Default: 20000. */
  readonly staleAfter?: number
  /** Milliseconds between two checks of the lock. Default: 500. */
  readonly pollEvery?: number
}

/**
 * Takes a lock, or waits until its owner has done the work, and returns `undefined` then. Takes over a lock whose owner is dead. In a race
 * for such a lock two processes may work at once, so the result must be put in place by a rename, which only one of them wins. The lock
 * saves work; it does not guard the result.
 */
export async function takeWorkLock(options: WorkLockOptions): Promise<WorkLock | undefined> {
  const { path: lock, isDone, onWait, staleAfter = 20_000, pollEvery = 500 } = options
  await mkdir(path.dirname(lock), { recursive: true })
  while (!(await isDone())) {
    try {
      await mkdir(lock)
      return await own(lock, staleAfter)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const owner = await ownerOf(lock)
    if (owner !== undefined) {
      if (isDead(owner, staleAfter)) await clear(lock)
      else
        onWait(
          `waiting for ${owner.pid === undefined ? 'a process' : `process ${owner.pid}`}, which is ${owner.phase}`,
        )
    }
    await new Promise((resolve) => setTimeout(resolve, pollEvery))
  }
  return undefined
}

interface Owner {
  /** Absent until the owner has written it. */
  readonly pid?: number
  readonly host?: string
  readonly phase: string
  readonly seenAt: number
}

async function own(lock: string, staleAfter: number): Promise<WorkLock> {
  const file = path.join(lock, 'owner.json')
  const write = (phase: string) =>
    writeFile(file, JSON.stringify({ pid: process.pid, host: os.hostname(), phase })).catch(() => {})
  let current = 'starting'
  let writing = write(current)
  await writing
  const sign = setInterval(() => utimes(file, new Date(), new Date()).catch(() => {}), staleAfter / 4).unref()
  return {
    phase(text) {
      if (text === current) return
      current = text
      writing = writing.then(() => write(text))
    },
    async release() {
      clearInterval(sign)
      await writing
      await rm(lock, { recursive: true, force: true })
    },
  }
}

async function ownerOf(lock: string): Promise<Owner | undefined> {
  const file = path.join(lock, 'owner.json')
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(file, 'utf8'), stat(file)])
    return { phase: 'at work', ...parsed(text), seenAt: mtimeMs }
  } catch {
    // The lock was made a moment ago, or its owner died before it wrote the file.
    const made = await stat(lock).catch(() => undefined)
    return made && { phase: 'starting', seenAt: made.mtimeMs }
  }
}

function parsed(text: string): Partial<Owner> {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

function isDead(owner: Owner, staleAfter: number): boolean {
  if (Date.now() - owner.seenAt > staleAfter) return true
  if (owner.host !== os.hostname() || owner.pid === undefined) return false
  try {
    process.kill(owner.pid, 0)
    return false
  } catch (error) {
    // EPERM: the process runs and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Removes a lock, by a rename first: of several processes only one wins it, and none removes the files of a new lock. */
async function clear(lock: string): Promise<void> {
  const aside = `${lock}.${process.pid}-${Date.now()}`
  try {
    await rename(lock, aside)
  } catch {
    return
  }
  await rm(aside, { recursive: true, force: true })
}
