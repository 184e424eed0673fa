import path from 'node:path'
import { Buffer, createTurns, type FileFunctions, randomWord, systemFiles } from '../host/index.ts'
import { endsWhole } from './lines.ts'
import type { StateStore } from './types.ts'

/**
 * A state store in a directory, one file an entry, readable by the process's user only. The directory is made with the
 * first write; reading makes nothing. `files` are the file functions it uses: a test makes one of them fail.
 */
export function createDirectoryStore(directory: string, files: FileFunctions = systemFiles): StateStore {
  const root = path.resolve(directory)
  /** Lines are added one after the other, so that none looks torn to the next. */
  const inTurn = createTurns()
  const fileOf = (name: string) => {
    if (!ENTRY_NAME.test(name)) throw new TypeError(`'${name}' is not the name of a state entry.`)
    return path.join(root, name)
  }

  return {
    location: root,

    async read(name) {
      try {
        return await files.readFile(fileOf(name))
      } catch (error) {
        if (!isMissing(error) || (await isLink(fileOf(name)))) throw error
        return undefined
      }
    },

    async write(name, data) {
      const file = fileOf(name)
      await throughTemporary(file, data, (temporary) => files.rename(temporary, file))
    },

    async create(name, data) {
      const file = fileOf(name)
      let made = true
      await throughTemporary(file, data, async (temporary) => {
        made = await linkTo(temporary, file)
        await files.unlink(temporary)
      })
      return made
    },

    async append(name, line) {
      const file = fileOf(name)
      await inTurn(() => addLine(file, line))
    },

    async remove(name) {
      await files.unlink(fileOf(name)).catch((error) => {
        if (!isMissing(error)) throw error
      })
    },

    async rename(from, to) {
      const [source, target] = [fileOf(from), fileOf(to)]
      try {
        await withDirectory(target, () => files.rename(source, target))
      } catch (error) {
        if (isMissing(error)) return
        throw error
      }
      for (const file of [target, source]) await syncDirectory(path.dirname(file))
    },

    async list(folder) {
      try {
        const names = await files.readdir(fileOf(folder))
        return names
          .filter((name) => !name.endsWith('.tmp'))
          .sort()
          .map((name) => `${folder}/${name}`)
      } catch (error) {
        if (isMissing(error)) return []
        throw error
      }
    },
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
        await writeThrough(temporary, 'wx', data)
        await place(temporary)
      } catch (error) {
        await files.unlink(temporary).catch(() => {})
        throw error
      }
    })
    await syncDirectory(path.dirname(file))
  }

  /** A link is made where there is no entry, or not at all: unlike a rename, it never replaces one. */
  async function linkTo(temporary: string, file: string): Promise<boolean> {
    try {
      await files.link(temporary, file)
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') return false
      if (!NO_LINKS.has(code ?? '')) throw error
    }
    return copyTo(temporary, file)
  }

  /** Where the file system knows no links. A crash in the middle of it leaves an entry that cannot be understood. */
  async function copyTo(temporary: string, file: string): Promise<boolean> {
    try {
      await writeThrough(file, 'wx', await files.readFile(temporary))
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  }

  async function writeThrough(file: string, flags: 'wx' | 'a', data: string | Uint8Array): Promise<void> {
    const handle = await files.open(file, flags, 0o600)
    try {
      await handle.writeFile(data)
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  /** A link that leads nowhere is an entry that cannot be read, a mount that is missing perhaps. */
  async function isLink(file: string): Promise<boolean> {
    try {
      return (await files.lstat(file)).isSymbolicLink()
    } catch {
      return false
    }
  }

  async function addLine(file: string, line: string): Promise<void> {
    // Looked at each time: another process may have been ended in the middle of a line since.
    const gap = (await endsWithLine(file)) ? '' : '\n'
    await withDirectory(file, () => writeThrough(file, 'a', `${gap}${line}\n`))
  }

  async function endsWithLine(file: string): Promise<boolean> {
    try {
      const handle = await files.open(file, 'r')
      try {
        const { size } = await handle.stat()
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, Math.max(size - 1, 0))
        return endsWhole(buffer.subarray(0, bytesRead))
      } finally {
        await handle.close()
      }
    } catch (error) {
      if (isMissing(error)) return true
      throw error
    }
  }

  /** Makes the directory only when it turns out to be missing: the common write costs no extra call. */
  async function withDirectory(file: string, action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      if (!isMissing(error)) throw error
      await files.mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
      await action()
    }
  }

  /** A rename is durable once its directory is. Not every platform can open one; there the rename itself must do. */
  async function syncDirectory(folder: string): Promise<void> {
    try {
      const handle = await files.open(folder, 'r')
      await handle.sync().finally(() => handle.close())
    } catch {
      // Windows, some network file systems.
    }
  }
}

const ENTRY_NAME = /^[a-z0-9][a-z0-9.-]*(?:\/[a-z0-9][a-z0-9.-]*)?$/

/** What file systems without links answer: FAT, some of the network, some of containers. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EXDEV'])

const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException | null)?.code ?? '')
