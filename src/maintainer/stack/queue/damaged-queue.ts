import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'

/** A queue that was put beside, and how many reports may be in it. */
export interface DamagedQueue {
  readonly file: string
  readonly reports: number
}

/** The damaged queues of a gateway: those that we have put beside, and those that the Collector has. */
export async function damagedQueues(directory: string): Promise<DamagedQueue[]> {
  const queue = path.join(directory, 'queue')
  const names = (await readdir(queue).catch(() => [])).filter((name) => /\.damaged-|\.backup$/.test(name))
  return Promise.all(
    names.sort().map(async (name) => {
      const file = path.join(queue, name)
      return { file, reports: await mayHold(file) }
    }),
  )
}

/** A report's id as the Collector writes it into an item of the queue: the value, a text of 36 bytes, and behind it its key. */
const REPORT_ID = /\n\$([0-9a-f-]{36})\n.usage\.report\.id/g
const LONGEST = 60

/**
 * How many reports a file has, at most: their ids are looked for in all of its bytes, so those count that were sent and whose place
 * was not yet used again.
 */
export async function mayHold(file: string): Promise<number> {
  const ids = new Set<string>()
  let rest = ''
  try {
    for await (const chunk of createReadStream(file, { encoding: 'latin1', highWaterMark: 1 << 20 })) {
      const text = rest + chunk
      for (const [, id] of text.matchAll(REPORT_ID)) ids.add(id as string)
      rest = text.slice(-LONGEST)
    }
  } catch {
    // A disk that fails: what could be read counts.
  }
  return ids.size
}
