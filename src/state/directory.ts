import path from 'node:path'
import {
  absolutePath,
  Buffer,
  type Clock,
  codeOf,
  createMutex,
  describeValue,
  effectiveUser,
  type FileFunctions,
  isPath,
  NO_OPTIONS,
  type OpenFile,
  openFlags,
  randomWord,
  systemClock,
  systemFiles,
  UsageConfigurationError,
} from '../platform/index.ts'
import { StateEntryError, StateEntryNameError } from './errors.ts'
import { createGuard } from './guard.ts'
import { removeLeftOvers } from './left-overs.ts'
import { ENTRY_NAME } from './limits.ts'
import { endsWhole } from './lines.ts'
import { createPatience } from './patience.ts'
import type { EntryEnd, StateStore } from './types.ts'

/**
 * Creates a state store in a directory, with one file for each entry, readable by the process's user only. The first write creates
 * the directory; reading creates nothing.
 *
 * It reads only regular files of this user, of root or of the owner of the directory. Reading any other file rejects. Steps that a
 * file system does not support (links, syncing, owners) are skipped, and `health` reports the consequence.
 *
 * @throws {UsageConfigurationError} if `directory` is not a path.
 */
export function createDirectoryStore(directory: string): StateStore
/**
 * Creates the same store with other file functions and another clock, for tests.
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
  /** Mutex for appending: a line that is only half written would look torn to the next append. */
  const runExclusive = createMutex()
  /** Error code for which files cannot be synced here; `undefined` if they can. */
  let unsynced: string | undefined
  const fileOf = (name: string) => {
    if (!ENTRY_NAME.test(name)) throw new StateEntryNameError(name)
    return path.join(root, name)
  }

  return {
    location: root,
    blocking: true,

    read: async (name) => (await readLast(name))?.bytes,

    readEnd: readLast,

    async write(name, data) {
      const file = fileOf(name)
      await throughTemporary(file, data, (temporary) => patiently(() => files.rename(temporary, file)))
    },

    async create(name, data) {
      const file = fileOf(name)
      return throughTemporary(file, data, async (temporary) => {
        const made = await linkTo(temporary, file, data)
        // The entry exists; a temporary file that remains is not an entry.
        await patiently(() => files.unlink(temporary)).catch(() => {})
        return made
      })
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

  /** Reads the last `length` bytes of an entry, by default all. */
  async function readLast(name: string, length = Number.POSITIVE_INFINITY): Promise<EntryEnd | undefined> {
    const handle = await openEntry(name, 'read')
    if (!handle) return undefined
    try {
      const status = await handle.stat()
      await guard.checkEntry(name, status, 'read')
      const { size } = status
      return { bytes: await readBetween(handle, Math.max(size - length, 0), size), size }
    } finally {
      await handle.close()
    }
  }

  /** Opens an entry; returns `undefined` if it does not exist. Rejects for a broken symbolic link: a mount may be missing. */
  async function openEntry(name: string, purpose: 'read' | 'append'): Promise<OpenFile | undefined> {
    const file = fileOf(name)
    try {
      const open = () => files.open(file, openFlags(purpose), 0o600)
      // Retry only on Windows: elsewhere a refused permission is permanent.
      return await (effectiveUser() === undefined ? patiently(open) : open())
    } catch (error) {
      if (purpose === 'read' && isMissing(error)) return undefined
      throw NOT_REGULAR_FILE.has(codeOf(error))
        ? new StateEntryError(file, 'it is not a regular file')
        : error
    }
  }

  /** Writes a temporary file beside the entry and moves it into place in one step, so that no reader sees a half-written entry. */
  async function throughTemporary<R>(
    file: string,
    data: string | Uint8Array,
    move: (temporary: string) => Promise<R>,
  ): Promise<R> {
    const temporary = `${file}.${randomWord()}.tmp`
    const result = await withDirectory(file, async () => {
      try {
        await writeNew(temporary, data)
        return await move(temporary)
      } catch (error) {
        await files.unlink(temporary).catch(() => {})
        throw error
      }
    })
    await syncDirectory(path.dirname(file))
    return result
  }

  /** Creates an entry by a hard link; returns `false` if it exists. Unlike a rename, a link never replaces an entry. */
  async function linkTo(temporary: string, file: string, data: string | Uint8Array): Promise<boolean> {
    try {
      await files.link(temporary, file)
      return true
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      if (!NO_LINKS.has(codeOf(error))) throw error
    }
    return copyTo(file, data)
  }

  /** Creates an entry on a file system without links. A crash during the copy leaves an entry that cannot be parsed. */
  async function copyTo(file: string, data: string | Uint8Array): Promise<boolean> {
    try {
      await writeNew(file, data)
      return true
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      throw error
    }
  }

  async function writeNew(file: string, data: string | Uint8Array): Promise<void> {
    const handle = await files.open(file, 'wx', 0o600)
    try {
      await guard.giveFile(handle)
      await handle.writeFile(data, NO_OPTIONS)
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
      // Checked each time: another process may have ended in the middle of a line.
      const end = Buffer.alloc(1)
      const { bytesRead } = await handle.read(end, 0, 1, Math.max(status.size - 1, 0))
      const gap = endsWhole(end.subarray(0, bytesRead)) ? '' : '\n'
      await handle.writeFile(`${gap}${line}\n`, NO_OPTIONS)
      await sync(handle)
    } finally {
      await handle.close()
    }
  }

  /** Syncs a file. If the file system cannot, the file stays written: a loss of power is rarer than the end of a process. */
  async function sync(handle: OpenFile): Promise<void> {
    try {
      if (handle.sync) await handle.sync()
      else unsynced = 'ENOSYS'
    } catch (error) {
      if (!NO_SYNC.has(codeOf(error))) throw error
      unsynced = codeOf(error)
    }
  }

  /** Creates the directory only after an action has failed without it, so that the common write costs no extra call. */
  async function withDirectory<R>(file: string, action: () => Promise<R>): Promise<R> {
    const folder = path.dirname(file)
    if (folder !== root) await guard.checkFolder(folder)
    try {
      return await action()
    } catch (error) {
      if (!isMissing(error)) throw error
      const first = await files.mkdir(folder, { recursive: true, mode: 0o700 })
      if (first !== undefined) await guard.giveFolders(first, folder).catch(() => {})
      return action()
    }
  }

  /** Syncs a directory, which makes a rename durable. Does nothing on platforms that cannot open a directory. */
  async function syncDirectory(folder: string): Promise<void> {
    try {
      const handle = await files.open(folder, 'r')
      await (handle.sync?.() ?? Promise.resolve()).finally(() => handle.close())
    } catch {
      // Windows, some network file systems.
    }
  }
}

/** Reads the bytes of a file from `start` to `end`; fewer if the file has become shorter. */
async function readBetween(handle: OpenFile, start: number, end: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(end - start)
  let length = 0
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, start + length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return bytes.subarray(0, length)
}

/** Error codes of file systems without hard links: FAT, some network and container file systems, Android. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set([
  ...['EPERM', 'EACCES', 'EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EXDEV'],
])

/** Error codes of file systems that cannot sync, and of Node.js if its permissions forbid it. */
const NO_SYNC: ReadonlySet<string | undefined> = new Set([
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

/** Error codes of opening a symbolic link, a socket, a device or a directory. */
const NOT_REGULAR_FILE: ReadonlySet<string | undefined> = new Set([
  ...['ELOOP', 'EMLINK', 'ENXIO', 'ENODEV', 'EISDIR'],
])

const MISSING: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR'])

const isMissing = (error: unknown): boolean => MISSING.has(codeOf(error))

/** @throws {UsageConfigurationError} if the value is not a path, or is relative to a working directory that was deleted. */
function rootAt(directory: string): string {
  const root = isPath(directory) ? absolutePath(directory) : undefined
  if (root !== undefined) return root
  const problem = isPath(directory)
    ? 'it is below a working directory that has been deleted; give the whole path'
    : 'name a directory by its path'
  const mistake = { path: 'directory', message: `is ${describeValue(directory)}; ${problem}` }
  throw new UsageConfigurationError('createDirectoryStore', [mistake])
}
