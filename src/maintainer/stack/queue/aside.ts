import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { errorMessage } from '../../package/index.ts'
import { reportsIn } from './queue-file.ts'

/**
 * Reports that the Collector was sending to the store when it crashed, as files of OTLP in Protocol Buffers, `<time>.reports`. A report
 * that alone ended a second Collector as well is kept as `<time>.kept`.
 */
const asideDirectory = (directory: string) => path.join(directory, 'aside')
const WAITING = '.reports'
const KEPT = '.kept'

/** Writes a request to a file beside the queue, and to the disk. Returns the path of the file. */
export async function keepAside(directory: string, request: Buffer): Promise<string> {
  await mkdir(asideDirectory(directory), { recursive: true, mode: 0o700 })
  const file = path.join(
    asideDirectory(directory),
    `${new Date().toISOString().replaceAll(':', '')}${WAITING}`,
  )
  await writeSynced(file, request)
  return file
}

/** Returns the number of reports beside the queue: those that wait to be sent, and those that have ended a Collector. */
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

/** Returns `true` if reports beside the queue wait to be sent. */
export async function waitAside(directory: string): Promise<boolean> {
  return (await asideFiles(directory, WAITING)).length > 0
}

/** Second Collector with a separate queue, in a directory that can be deleted. */
export interface Courier {
  /** Sends a request, and resolves when all of it is in the store. Rejects if the courier ends before. */
  deliver(request: Buffer): Promise<void>
  /** `true` if the courier has ended by itself. */
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
 * Sends the reports beside the queue, each file with a second Collector, so that a report that ended the first one cannot do it again. If
 * the second one ends, its file is divided, until the report that ends it is found and kept.
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
        `The reports in '${asideDirectory(directory)}' could not be sent; the next start tries again: ${errorMessage(error)}`,
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
    onNotice(`A report alone has ended a Collector. It is kept as '${name}${KEPT}' and not sent.`)
    return
  }
  const middle = Math.ceil(reports.length / 2)
  // Both halves are written before the whole is deleted: the store counts a report that is sent twice once.
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

/** Writes a file completely or not at all. */
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
