import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'

/** Damaged queue that was set aside, and the largest number of reports in it. */
export interface DamagedQueue {
  readonly file: string
  readonly reports: number
}

/** Returns the damaged queues of a gateway, whether this package or the Collector has set them aside. */
export async function damagedQueues(directory: string): Promise<DamagedQueue[]> {
  const queue = path.join(directory, 'queue')
  const names = (await readdir(queue).catch(() => [])).filter((name) => /\.damaged-|\.backup$/.test(name))
  return Promise.all(
    names.sort().map(async (name) => {
      const file = path.join(queue, name)
      return { file, reports: await maxReportsIn(file) }
    }),
  )
}

/** Bytes of a report id in an item of the queue: the value, a text of 36 bytes, follows its key. */
const REPORT_ID = /\n\$([0-9a-f-]{36})\n.usage\.report\.id/g
const LONGEST = 60

/**
 * Returns the largest number of reports that a file may hold. Searches all bytes for report ids, so it counts sent reports whose space was
 * not used again.
 */
export async function maxReportsIn(file: string): Promise<number> {
  const ids = new Set<string>()
  let rest = ''
  try {
    for await (const chunk of createReadStream(file, { encoding: 'latin1', highWaterMark: 1 << 20 })) {
      const text = rest + chunk
      for (const [, id] of text.matchAll(REPORT_ID)) ids.add(id as string)
      rest = text.slice(-LONGEST)
    }
  } catch {
    // A failing disk: count what could be read.
  }
  return ids.size
}
