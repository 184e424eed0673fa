import { existsSync } from 'node:fs'
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { errorMessage, QueueUnusableError } from '../../package/index.ts'
import { keepAside } from './aside.ts'
import { openBolt } from './bolt-file.ts'
import { BoltDamage } from './bolt-page.ts'
import { maxReportsIn } from './damaged-queue.ts'
import { putBack, QUEUE_FILE, queueState, readDispatched } from './queue-file.ts'

export interface GuardQueueOptions {
  /** Directory of the gateway, above `queue`. */
  readonly directory: string
  /** Called with each message, a sentence. */
  readonly onNotice: (sentence: string) => void
}

/** Queue with which a Collector can start. */
export interface GuardedQueue {
  /** Must be called when the Collector has ended. `crashed` means that it ended neither by itself nor because of a signal from us. */
  ended(how: { readonly crashed: boolean }): Promise<void>
}

/**
 * Prepares the queue on disk for a start of the Collector, which must not run yet:
 *
 * - A damaged file is set aside, and the Collector starts with a new one. By itself it would panic, or start with a new one without a
 *   message.
 * - Requests that were being sent to the store are put back in one transaction. The Collector would do it in many steps, and lose them if
 *   it ended in between.
 * - After a crash those requests are taken out and set aside instead, because one of them may have caused it. `deliverAside` sends them.
 *
 * @throws {QueueUnusableError} if another Collector uses the queue, or if the disk has no room for the few pages that are written.
 */
export async function guardQueue({ directory, onNotice }: GuardQueueOptions): Promise<GuardedQueue> {
  const queue = path.join(directory, 'queue')
  const mark = path.join(directory, MARK)
  const crashed = existsSync(mark)
  for (const file of await queueFiles(queue)) {
    await requireUnlocked(file)
    try {
      await prepare(file, crashed, directory, onNotice)
    } catch (error) {
      if (error instanceof BoltDamage) await setAside(file, error.message, onNotice)
      else throw await unusable(file, error)
    }
  }
  // An empty file fits on a full disk too. Without it, a crash would look like an ordinary end.
  await writeFile(mark, '', { mode: 0o600 }).catch((error) =>
    onNotice(
      `The file '${mark}', which tells a crash from an ordinary end, cannot be written: ${errorMessage(error)}.`,
    ),
  )
  return {
    ended: async (how) => {
      if (!how.crashed) await rm(mark, { force: true })
    },
  }
}

/** Returns `true` for the exit code of a crash: the Collector itself ends with 0 or 1, and a panic in Go with 2. */
export const isCrash = (code: number): boolean => code !== 0 && code !== 1

/** Name of the file that exists while the Collector runs. If it exists before a start, the Collector or the machine has crashed. */
const MARK = 'running'

async function queueFiles(queue: string): Promise<string[]> {
  const names = await readdir(queue).catch(() => [])
  return names.filter((name) => /^exporter_[^.]*$/.test(name)).map((name) => path.join(queue, name))
}

async function prepare(
  file: string,
  crashed: boolean,
  directory: string,
  onNotice: GuardQueueOptions['onNotice'],
): Promise<void> {
  const bolt = openBolt(file, 'r+')
  try {
    queueState(bolt)
    // The queue of another exporter, from an overlay of the maintainer: we cannot send its items.
    if (crashed && path.basename(file) === QUEUE_FILE) {
      try {
        const dispatched = readDispatched(bolt)
        if (dispatched === undefined) return
        const kept = await keepAside(directory, dispatched.request)
        dispatched.takeOut()
        onNotice(
          `The Collector has crashed. ${dispatched.reports} reports that it was sending to the store are in '${kept}'; a second Collector sends them as soon as this one accepts reports.`,
        )
        return
      } catch (error) {
        if (error instanceof BoltDamage) throw error
        onNotice(
          `The requests that were being sent cannot be set aside, and stay in the queue: ${errorMessage(error)}.`,
        )
      }
    }
    putBack(bolt)
  } finally {
    bolt.close()
  }
}

async function setAside(
  file: string,
  damage: string,
  onNotice: GuardQueueOptions['onNotice'],
): Promise<void> {
  const kept = `${file}.damaged-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`
  await rename(file, kept)
  onNotice(
    `The queue '${file}' is damaged: ${damage}. It is kept as '${kept}', with up to ${await maxReportsIn(kept)} reports that are not in the store; the gateway starts with an empty one.`,
  )
}

async function unusable(file: string, error: unknown): Promise<QueueUnusableError> {
  const { size } = await stat(file).catch(() => ({ size: 0 }))
  return new QueueUnusableError(
    `The queue '${file}' (${size} bytes) cannot be prepared for a start: ${errorMessage(error)}. No report is lost. The Collector was not started, because it would lose the reports that were being sent. Make room on the disk: a few pages of 4 KiB are needed.`,
    { cause: error },
  )
}

/** Checks the lock of bbolt on its file. Node.js cannot take such a lock, but Linux lists all of them. */
async function requireUnlocked(file: string): Promise<void> {
  const locks = await readFile('/proc/locks', 'utf8').catch(() => '')
  const { dev, ino } = await stat(file)
  const device = [Math.floor(dev / 256) % 4096, dev % 256].map((number) =>
    number.toString(16).padStart(2, '0'),
  )
  if (!locks.includes(` ${device.join(':')}:${ino} `)) return
  throw new QueueUnusableError(
    `Another process has the queue '${file}' open. End the other Collector, or set USAGE_GATEWAY_DIRECTORY to another directory.`,
  )
}
