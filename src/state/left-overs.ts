import path from 'node:path'
import type { Clock, FileFunctions } from '../platform/index.ts'
import { ENTRIES } from './entries.ts'

/** Pattern of the temporary files that writes create beside an entry: `<entry>.<process id>-<count>-<random>.tmp`. */
const LEFT_OVER = /^[a-z0-9][a-z0-9.-]*\.\d+-[0-9a-z]+-[0-9a-z]*\.tmp$/

/**
 * Shortest age of a temporary file that is removed, in milliseconds: no write takes a day. A process that slept for longer finds its
 * file gone, and creates it again.
 */
const MIN_AGE = 86_400_000

/** Largest number of temporary files that one call examines. */
const MOST = 1_000

/** Folders of entries. The folders of a second product have its name as a prefix. */
const FOLDERS: readonly string[] = [
  ENTRIES.counts,
  ENTRIES.leases,
  ENTRIES.ledgerSegments,
  ENTRIES.outbox,
  ENTRIES.acknowledged,
]

/**
 * Removes the temporary files of killed processes from a state directory. Leaves files with other names, and files that were changed
 * within a day. Rejects if the directory cannot be listed.
 */
export async function removeLeftOvers(root: string, files: FileFunctions, clock: Clock): Promise<void> {
  const names = await files.readdir(root)
  const isFolder = (name: string) => FOLDERS.some((folder) => name === folder || name.endsWith(`.${folder}`))
  let left = await removeIn(root, names, MOST)
  for (const name of names.filter(isFolder)) {
    const folder = path.join(root, name)
    // A symbolic link may lead to another user's files.
    const status = await files.lstat(folder).catch(() => undefined)
    if (status?.isDirectory()) left = await removeIn(folder, await files.readdir(folder), left)
  }

  /** @returns the number of files that may still be examined */
  async function removeIn(folder: string, found: readonly string[], most: number): Promise<number> {
    const some = found.filter((name) => LEFT_OVER.test(name)).slice(0, most)
    for (const name of some) {
      const file = path.join(folder, name)
      try {
        const status = await files.lstat(file)
        const age = clock.now() - (status.mtimeMs ?? clock.now())
        if (status.isFile() && age > MIN_AGE) await files.unlink(file)
      } catch {
        // Another process has removed it, or this one may not.
      }
    }
    return most - some.length
  }
}
