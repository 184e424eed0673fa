import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

/** The right to do some long work, which other processes wait for. */
export interface WorkLock {
  /** Tells those who wait what happens now. */
  phase(text: string): void
  release(): Promise<void>
}

export interface WorkLockOptions {
  /** The directory that is the lock. */
  readonly path: string
  /** Asked about twice a second while another has the lock: `true` when the work is done and there is no need for it any more. */
  readonly isDone: () => Promise<boolean>
  /** What the other process is at. */
  readonly onWait: (text: string) => void
  /** Milliseconds without a sign of life after which the owner is taken for dead. Default: 20000. */
  readonly staleAfter?: number
  /** Milliseconds between two looks. Default: 500. */
  readonly pollEvery?: number
}

/**
 * Takes a lock, or waits until the work is done by whoever has it; then `undefined`. A lock whose owner is dead is taken
 * over. In a race for a dead owner's lock two may end up working: so the result must be put into place by a rename,
 * which only one of them wins. The lock saves work, it does not guard the result.
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
    // Made a moment ago and not yet signed, or its owner died before signing.
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
    // EPERM: it lives and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** By a rename first: of several that clear the same lock one gets it, and none removes files under another's feet. */
async function clear(lock: string): Promise<void> {
  const aside = `${lock}.${process.pid}-${Date.now()}`
  try {
    await rename(lock, aside)
  } catch {
    return
  }
  await rm(aside, { recursive: true, force: true })
}
