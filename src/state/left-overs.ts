import path from 'node:path'
import type { Clock, FileFunctions } from '../platform/index.ts'
import { ENTRIES } from './entries.ts'

/** What a write of an entry makes beside it: `<entry>.<process id>-<count>-<chance>.tmp`. */
const LEFT_OVER = /^[a-z0-9][a-z0-9.-]*\.\d+-[0-9a-z]+-[0-9a-z]*\.tmp$/

/**
 * How long such a file is left alone, in milliseconds: no write takes a day. One that a process has slept through is made again, as it
 * finds its file gone.
 */
const LONGEST_WRITE = 86_400_000

/** How many are looked at in one go. */
const MOST = 1_000

/** The folders of entries. Those of a second product have its name in front. */
const FOLDERS: readonly string[] = [
  ENTRIES.counts,
  ENTRIES.leases,
  ENTRIES.ledgerSegments,
  ENTRIES.outbox,
  ENTRIES.acknowledged,
]

/**
 * Removes the temporary files in a state directory that writes have left whose process was killed. Whatever has another name is not
 * touched, and nothing that was changed within a day.
 */
export async function removeLeftOvers(root: string, files: FileFunctions, clock: Clock): Promise<void> {
  const names = await files.readdir(root)
  const isFolder = (name: string) => FOLDERS.some((folder) => name === folder || name.endsWith(`.${folder}`))
  let left = await removeIn(root, names, MOST)
  for (const name of names.filter(isFolder)) {
    const folder = path.join(root, name)
    // What lies behind a link is somebody else's.
    const isOwn = await files.lstat(folder).then(
      (status) => status.isDirectory(),
      () => false,
    )
    if (isOwn && left > 0) left = await removeIn(folder, await files.readdir(folder), left)
  }

  /** @returns how many more may be looked at */
  async function removeIn(folder: string, found: readonly string[], most: number): Promise<number> {
    const some = found.filter((name) => LEFT_OVER.test(name)).slice(0, most)
    for (const name of some) {
      const file = path.join(folder, name)
      try {
        const status = await files.lstat(file)
        const age = clock.now() - (status.mtimeMs ?? clock.now())
        if (status.isFile() && age > LONGEST_WRITE) await files.unlink(file)
      } catch {
        // Another process has removed it, or this one may not.
      }
    }
    return most - some.length
  }
}
