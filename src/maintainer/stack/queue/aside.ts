import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { errorMessage } from '../../package/index.ts'
import { reportsIn } from './queue-file.ts'

/**
 * Reports that were under way to the store when the Collector crashed: files of OTLP in Protocol Buffers, `<time>.reports`. What
 * ended a second Collector as well, alone, is `<time>.kept`.
 */
const asideDirectory = (directory: string) => path.join(directory, 'aside')
const WAITING = '.reports'
const KEPT = '.kept'

/** Keeps a request beside the queue, on the disk when it returns. Returns the file's path. */
export async function keepAside(directory: string, request: Buffer): Promise<string> {
  await mkdir(asideDirectory(directory), { recursive: true, mode: 0o700 })
  const file = path.join(
    asideDirectory(directory),
    `${new Date().toISOString().replaceAll(':', '')}${WAITING}`,
  )
  await writeSynced(file, request)
  return file
}

/** How many reports are kept beside the queue: those that are still to be sent, and those that ended a Collector. */
export interface AsideReports {
  readonly waiting: number
  readonly kept: number
}

export async function asideReports(directory: string): Promise<AsideReports> {
  const count = async (ending: string) => {
    const files = await asideFiles(directory, ending)
    const reports = await Promise.all(
      files.map((file) =>
        readFile(file).then(
          (request) => reportsIn(request).length,
          () => 0,
        ),
      ),
    )
    return reports.reduce((sum, one) => sum + one, 0)
  }
  return { waiting: await count(WAITING), kept: await count(KEPT) }
}

/** A Collector of its own, with a queue of its own, in a directory that can be deleted. */
export interface Courier {
  /** Hands it a request, and returns when all of it is in the store. Rejects when the courier has ended before. */
  deliver(request: Buffer): Promise<void>
  /** True when it has ended, by itself. */
  hasDied(): boolean
  stop(): Promise<void>
}

export interface DeliverAsideOptions {
  readonly directory: string
  readonly startCourier: () => Promise<Courier>
  readonly onNotice: (sentence: string) => void
  readonly signal: AbortSignal
}

/**
 * Sends what is kept beside the queue, each file by a second Collector: whatever brought the first one down cannot do it again. Where
 * it brings the second one down, its reports are halved, down to the one that did it, which is kept.
 */
export async function deliverAside(options: DeliverAsideOptions): Promise<void> {
  const { directory, startCourier, onNotice, signal } = options
  let courier: Courier | undefined
  const stop = async () => {
    await courier?.stop()
    courier = undefined
  }
  const stopped = () => void courier?.stop()
  signal.addEventListener('abort', stopped)
  try {
    while (!signal.aborted) {
      const [file] = await asideFiles(directory, WAITING)
      if (file === undefined) return
      courier ??= await startCourier()
      const request = await readFile(file)
      try {
        await courier.deliver(request)
        await rm(file, { force: true })
      } catch (error) {
        if (signal.aborted) return
        if (!courier.hasDied()) throw error
        await stop()
        await divide(file, request, onNotice)
      }
    }
  } catch (error) {
    if (!signal.aborted) {
      onNotice(
        `What is kept in '${asideDirectory(directory)}' cannot be sent now, and is tried again after the next start: ${errorMessage(error)}`,
      )
    }
  } finally {
    signal.removeEventListener('abort', stopped)
    await stop()
  }
}

async function divide(file: string, request: Buffer, onNotice: (sentence: string) => void): Promise<void> {
  const reports = reportsIn(request)
  const name = file.slice(0, -WAITING.length)
  if (reports.length <= 1) {
    await rename(file, `${name}${KEPT}`)
    onNotice(
      `A report has ended a Collector that was given nothing else. It is kept as '${name}${KEPT}' and not sent.`,
    )
    return
  }
  const middle = Math.ceil(reports.length / 2)
  // Both halves before the whole goes: a report that is sent twice is one in the store.
  await writeSynced(`${name}a${WAITING}`, Buffer.concat(reports.slice(0, middle)))
  await writeSynced(`${name}b${WAITING}`, Buffer.concat(reports.slice(middle)))
  await rm(file)
}

async function asideFiles(directory: string, ending: string): Promise<string[]> {
  const names = await readdir(asideDirectory(directory)).catch(() => [])
  return names
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => path.join(asideDirectory(directory), name))
}

/** A file is there in full or not at all. */
async function writeSynced(file: string, bytes: Buffer): Promise<void> {
  const partial = `${file}.partial`
  try {
    const handle = await open(partial, 'w', 0o600)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(partial, file)
    const directory = await open(path.dirname(file), 'r')
    await directory.sync().finally(() => directory.close())
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}
