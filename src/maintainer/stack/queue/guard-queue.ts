import { existsSync } from 'node:fs'
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { errorMessage, QueueUnusableError } from '../../package/index.ts'
import { keepAside } from './aside.ts'
import { openBolt } from './bolt-file.ts'
import { BoltDamage } from './bolt-page.ts'
import { mayHold } from './damaged-queue.ts'
import { putBack, QUEUE_FILE, queueState, readUnderWay } from './queue-file.ts'

export interface GuardQueueOptions {
  /** The gateway's directory, above `queue`. */
  readonly directory: string
  /** What somebody should know, as sentences. */
  readonly onNotice: (sentence: string) => void
}

/** A queue with which a Collector can start. */
export interface GuardedQueue {
  /** To be called when the Collector has ended. `crashed`: it did not end by itself, or as it was told to. */
  ended(how: { readonly crashed: boolean }): Promise<void>
}

/**
 * Prepares the queue on disk for a start of the Collector, which must not run yet:
 *
 * - A damaged file is put beside, and the Collector begins with a new one. By itself it would panic, or begin so without a word.
 * - What was under way to the store is put back by one transaction, so that the Collector, which would do it in many steps, finds
 *   nothing to put back.
 * - After a crash it is taken out instead, and kept beside: it may be what the Collector has died of. `deliverAside` sends it.
 *
 * @throws {QueueUnusableError} when another Collector has the queue, or the disk has no room for the few pages that this takes.
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
      if (error instanceof BoltDamage) await putBeside(file, error.message, onNotice)
      else throw await unusable(file, error)
    }
  }
  // An empty file: there is room for it on a full disk as well. Where there is none, a crash will be taken for an ordinary end.
  await writeFile(mark, '').catch((error) =>
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

/** Whether an exit code is one that the Collector does not choose: it ends with 0 or 1, and in Go a panic is 2. */
export const isCrash = (code: number): boolean => code !== 0 && code !== 1

/** It is there as long as the Collector runs. Where it is there before a start, the Collector, or the machine, has crashed. */
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
    // Another exporter's queue, from an overlay of the operator's own: what it has cannot be sent by us.
    if (crashed && path.basename(file) === QUEUE_FILE) {
      try {
        const underWay = readUnderWay(bolt)
        if (underWay === undefined) return
        const kept = await keepAside(directory, underWay.request)
        underWay.takeOut()
        onNotice(
          `The Collector did not end as it should. ${underWay.reports} reports that were under way to the store are in '${kept}'; a Collector of their own sends them, as soon as this one takes reports.`,
        )
        return
      } catch (error) {
        if (error instanceof BoltDamage) throw error
        onNotice(
          `What was under way cannot be kept beside the queue, and is put back: ${errorMessage(error)}.`,
        )
      }
    }
    putBack(bolt)
  } finally {
    bolt.close()
  }
}

async function putBeside(
  file: string,
  damage: string,
  onNotice: GuardQueueOptions['onNotice'],
): Promise<void> {
  const kept = `${file}.damaged-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`
  await rename(file, kept)
  onNotice(
    `The queue '${file}' is damaged: ${damage}. It is kept as '${kept}', with up to ${await mayHold(kept)} reports that are not in the store; the gateway starts with an empty one.`,
  )
}

async function unusable(file: string, error: unknown): Promise<QueueUnusableError> {
  const { size } = await stat(file).catch(() => ({ size: 0 }))
  return new QueueUnusableError(
    `The queue '${file}' (${size} bytes) cannot be prepared for a start: ${errorMessage(error)}. Nothing of it is lost. The Collector is not started, because it would lose what was under way; a few pages of 4 KiB need room on that disk.`,
    { cause: error },
  )
}

/** bbolt locks its file. Node.js cannot ask for such a lock, but Linux lists them all. */
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
