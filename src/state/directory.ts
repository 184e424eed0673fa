import path from 'node:path'
import {
  absolutePath,
  Buffer,
  type Clock,
  createMutex,
  effectiveUser,
  type FileFunctions,
  isPath,
  type OpenFile,
  openFlags,
  randomWord,
  systemClock,
  systemFiles,
  UsageConfigurationError,
  whatWasGot,
} from '../platform/index.ts'
import { StateEntryError, StateEntryNameError } from './errors.ts'
import { createGuard } from './guard.ts'
import { removeLeftOvers } from './left-overs.ts'
import { ENTRY_NAME, largestOf } from './limits.ts'
import { endsWhole } from './lines.ts'
import { createPatience } from './patience.ts'
import type { StateStore } from './types.ts'

/**
 * A state store in a directory, one file an entry, readable by the process's user only. The directory is made with the
 * first write; reading makes nothing.
 *
 * What it reads was written by it: a regular file of this user, of root or of the owner of the directory. Anything else that
 * somebody has put there is an entry that cannot be read. Steps that a file system does not know are left out (links, syncing,
 * owners), and `health` says what that costs.
 *
 * @throws {UsageConfigurationError} where `directory` is no path.
 */
export function createDirectoryStore(directory: string): StateStore
/**
 * The same over other file functions, which a test makes fail, and by another clock.
 *
 * @internal
 */
export function createDirectoryStore(directory: string, files?: FileFunctions, clock?: Clock): StateStore
export function createDirectoryStore(
  directory: string,
  files: FileFunctions = systemFiles,
  clock: Clock = systemClock,
): StateStore {
  const root = rootAt(directory)
  const guard = createGuard(root, files)
  const patiently = createPatience(clock)
  /** Lines are added one after the other, so that none looks torn to the next. */
  const runExclusive = createMutex()
  /** Why files cannot be synced here. */
  let unsynced: string | undefined
  const fileOf = (name: string) => {
    if (!ENTRY_NAME.test(name)) throw new StateEntryNameError(name)
    return path.join(root, name)
  }

  return {
    location: root,
    blocking: true,

    async read(name) {
      const handle = await openEntry(name, 'read')
      if (!handle) return undefined
      try {
        const status = await handle.stat()
        await guard.checkEntry(name, status, 'read')
        return await readAll(handle, Math.min(status.size, largestOf(name)))
      } finally {
        await handle.close()
      }
    },

    async write(name, data) {
      const file = fileOf(name)
      await throughTemporary(file, data, (temporary) => patiently(() => files.rename(temporary, file)))
    },

    async create(name, data) {
      const file = fileOf(name)
      let made = true
      await throughTemporary(file, data, async (temporary) => {
        made = await linkTo(temporary, file, data)
        // One that stays is no entry, and the entry is there.
        await patiently(() => files.unlink(temporary)).catch(() => {})
      })
      return made
    },

    async append(name, line) {
      const file = fileOf(name)
      await runExclusive(() => withDirectory(file, () => addLine(name, line)))
    },

    async remove(name) {
      const file = fileOf(name)
      await patiently(() => files.unlink(file)).catch((error) => {
        if (!isMissing(error)) throw error
      })
    },

    async rename(from, to) {
      const [source, target] = [fileOf(from), fileOf(to)]
      try {
        await withDirectory(target, () => patiently(() => files.rename(source, target)))
      } catch (error) {
        if (isMissing(error)) return
        throw error
      }
      for (const file of [target, source]) await syncDirectory(path.dirname(file))
    },

    async list(folder) {
      const file = fileOf(folder)
      try {
        const [names] = await Promise.all([files.readdir(file), guard.checkFolder(file)])
        return names
          .filter((name) => !name.endsWith('.tmp') && ENTRY_NAME.test(name))
          .sort()
          .map((name) => `${folder}/${name}`)
      } catch (error) {
        if (isMissing(error)) return []
        throw error
      }
    },

    tidy: () => removeLeftOvers(root, files, clock),

    health: () => ({
      durable: unsynced === undefined,
      problems:
        unsynced === undefined
          ? []
          : [
              `${root} is on a file system that cannot sync files (${unsynced}): what was written last may be gone after a loss of power.`,
            ],
    }),
  }

  /** `undefined` where there is none. A link that leads nowhere is an entry that cannot be read, a mount that is missing perhaps. */
  async function openEntry(name: string, purpose: 'read' | 'append'): Promise<OpenFile | undefined> {
    const file = fileOf(name)
    try {
      const open = () => files.open(file, openFlags(purpose), 0o600)
      // Where users have numbers, what may not be read now may not be read later.
      return await (effectiveUser() === undefined ? patiently(open) : open())
    } catch (error) {
      if (purpose === 'read' && isMissing(error)) return undefined
      const { code } = error as NodeJS.ErrnoException
      throw NO_REGULAR_FILE.has(code ?? '') ? new StateEntryError(file, 'it is not a regular file') : error
    }
  }

  /** Writes beside the entry, then puts it in its place in one step: nobody ever reads half of it. */
  async function throughTemporary(
    file: string,
    data: string | Uint8Array,
    place: (temporary: string) => Promise<void>,
  ): Promise<void> {
    const temporary = `${file}.${randomWord()}.tmp`
    await withDirectory(file, async () => {
      try {
        await writeNew(temporary, data)
        await place(temporary)
      } catch (error) {
        await files.unlink(temporary).catch(() => {})
        throw error
      }
    })
    await syncDirectory(path.dirname(file))
  }

  /** A link is made where there is no entry, or not at all: unlike a rename, it never replaces one. */
  async function linkTo(temporary: string, file: string, data: string | Uint8Array): Promise<boolean> {
    try {
      await files.link(temporary, file)
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') return false
      if (!NO_LINKS.has(code ?? '')) throw error
    }
    return copyTo(file, data)
  }

  /** Where the file system knows no links. A crash in the middle of it leaves an entry that cannot be understood. */
  async function copyTo(file: string, data: string | Uint8Array): Promise<boolean> {
    try {
      await writeNew(file, data)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  }

  async function writeNew(file: string, data: string | Uint8Array): Promise<void> {
    const handle = await files.open(file, 'wx', 0o600)
    try {
      await guard.giveFile(handle)
      await handle.writeFile(data)
      await sync(handle)
    } finally {
      await handle.close()
    }
  }

  async function addLine(name: string, line: string): Promise<void> {
    const handle = (await openEntry(name, 'append')) as OpenFile
    try {
      const status = await handle.stat()
      await guard.checkEntry(name, status, 'append')
      if (status.size === 0 && status.nlink === 1) await guard.giveFile(handle)
      // Looked at each time: another process may have been ended in the middle of a line since.
      const end = Buffer.alloc(1)
      const { bytesRead } = await handle.read(end, 0, 1, Math.max(status.size - 1, 0))
      const gap = endsWhole(end.subarray(0, bytesRead)) ? '' : '\n'
      await handle.writeFile(`${gap}${line}\n`)
      await sync(handle)
    } finally {
      await handle.close()
    }
  }

  /** Where files cannot be synced they are written all the same: a loss of power is rarer than the end of a process. */
  async function sync(handle: OpenFile): Promise<void> {
    try {
      if (handle.sync) await handle.sync()
      else unsynced = 'ENOSYS'
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (!NO_SYNC.has(code ?? '')) throw error
      unsynced = code
    }
  }

  /** Makes the directory only when it turns out to be missing: the common write costs no extra call. */
  async function withDirectory(file: string, action: () => Promise<void>): Promise<void> {
    const folder = path.dirname(file)
    if (folder !== root) await guard.checkFolder(folder)
    try {
      await action()
    } catch (error) {
      if (!isMissing(error)) throw error
      const first = await files.mkdir(folder, { recursive: true, mode: 0o700 })
      if (first !== undefined) await guard.giveFolders(first, folder).catch(() => {})
      await action()
    }
  }

  /** A rename is durable once its directory is. Not every platform can open one; there the rename itself must do. */
  async function syncDirectory(folder: string): Promise<void> {
    try {
      const handle = await files.open(folder, 'r')
      await (handle.sync?.() ?? Promise.resolve()).finally(() => handle.close())
    } catch {
      // Windows, some network file systems.
    }
  }
}

/** As much of a file as it had when it was looked at. */
async function readAll(handle: OpenFile, size: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(size)
  let length = 0
  while (length < size) {
    const { bytesRead } = await handle.read(bytes, length, size - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return bytes.subarray(0, length)
}

/** What file systems without links answer: FAT, some of the network, some of containers, Android. */
const NO_LINKS: ReadonlySet<string> = new Set([
  ...['EPERM', 'EACCES', 'EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EXDEV'],
])

/** What is answered where files cannot be synced: by file systems, and by Node.js where it does not permit that. */
const NO_SYNC: ReadonlySet<string> = new Set([
  ...[
    'EINVAL',
    'ENOSYS',
    'ENOTSUP',
    'EOPNOTSUPP',
    'ENOTTY',
    'ERR_ACCESS_DENIED',
    'ERR_METHOD_NOT_IMPLEMENTED',
  ],
])

/** What opening answers where a link, a socket, a device or a directory lies in the place of a file. */
const NO_REGULAR_FILE: ReadonlySet<string> = new Set(['ELOOP', 'EMLINK', 'ENXIO', 'ENODEV', 'EISDIR'])

const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException | null)?.code ?? '')

/** @throws {UsageConfigurationError} where that is no path, or one that leads nowhere. */
function rootAt(directory: string): string {
  const root = isPath(directory) ? absolutePath(directory) : undefined
  if (root !== undefined) return root
  const problem = isPath(directory)
    ? 'it is below a working directory that has been deleted; give the whole path'
    : 'name a directory by its path'
  const mistake = { place: 'directory', message: `is ${whatWasGot(directory)}; ${problem}` }
  throw new UsageConfigurationError('createDirectoryStore', [mistake])
}
