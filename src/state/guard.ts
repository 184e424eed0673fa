import path from 'node:path'
import {
  effectiveUser,
  type FileFunctions,
  type FileStatus,
  type OpenFile,
  openFlags,
} from '../platform/index.ts'
import { StateEntryError } from './errors.ts'
import { decides, largestOf } from './limits.ts'

/** Looks at what lies in a state directory before it is believed, and gives what is made there to the owner of the directory. */
export interface Guard {
  /**
   * Looks at an entry that was opened, before anything of it is read or added to it.
   *
   * @throws {StateEntryError} where it is no regular file or larger than any entry, where another user who has no privileges
   * may have put it there, or where it decides about consent and every user may change it.
   */
  checkEntry(name: string, status: FileStatus, use: 'read' | 'append'): Promise<void>
  /**
   * Looks at the folder that an entry lies in. One that is missing is made later.
   *
   * @throws {StateEntryError} where another user who has no privileges may have put it there.
   */
  checkFolder(folder: string): Promise<void>
  /**
   * Gives a file that was just made to the owner of the state directory. What root makes beside a service would otherwise be in
   * its way for ever. Does nothing where the process may not do that.
   */
  giveFile(file: OpenFile): Promise<void>
  /** The same for directories that were just made, `first` and all below it down to `last`: to the owner of what `first` lies in. */
  giveFolders(first: string, last: string): Promise<void>
}

export function createGuard(root: string, files: FileFunctions, user = effectiveUser()): Guard {
  let owner: FileStatus | undefined

  async function statusOf(folder: string, flags: number | 'r'): Promise<FileStatus> {
    const handle = await files.open(folder, flags)
    try {
      return await handle.stat()
    } finally {
      await handle.close()
    }
  }

  /** Of the state directory itself: it may be a symbolic link, as mounts of containers are. */
  const statusOfRoot = () => statusOf(root, 'r')

  const isTrusted = (uid: number, top: FileStatus) => [user, 0, top.uid].includes(uid)

  async function checkFolder(folder: string): Promise<void> {
    const status = await files.lstat(folder).catch(() => undefined)
    if (user === undefined || !status || status.uid === user || status.uid === 0) return
    const top = await statusOfRoot()
    if (!isTrusted(status.uid, top) && isOpenToOthers(top)) throw foreign(folder, status.uid)
  }

  /** Who may write to a directory may put something there that somebody else owns: a hard link. */
  async function checkOwner(name: string, status: FileStatus, use: 'read' | 'append'): Promise<void> {
    const file = path.join(root, name)
    // What is added to was never made by a link.
    const isLinked = status.nlink > 1 && (use === 'append' || decides(name))
    if ((status.uid === user || status.uid === 0) && !isLinked) return
    const top = await statusOfRoot()
    const folders = name.includes('/')
      ? [top, await statusOf(path.dirname(file), openFlags('folder'))]
      : [top]
    if (!folders.some(isOpenToOthers)) return
    if (!isTrusted(status.uid, top)) throw foreign(file, status.uid)
    if (isLinked) throw new StateEntryError(file, 'it has another name elsewhere, a hard link')
  }

  async function give(handle: OpenFile, { uid, gid }: FileStatus): Promise<void> {
    // On a file system that knows no owners, or in a container without the right, it stays as it is.
    if (uid !== 0) await handle.chown?.(uid, gid).catch(() => {})
  }

  return {
    checkFolder,

    async checkEntry(name, status, use) {
      const file = path.join(root, name)
      if (!status.isFile()) throw new StateEntryError(file, 'it is not a regular file')
      const largest = largestOf(name)
      if (use === 'read' && status.size > largest)
        throw new StateEntryError(file, `it has ${status.size} bytes, and ${largest} is the most`)
      if (user === undefined) return
      if (decides(name) && (status.mode & WRITABLE_BY_ALL) !== 0)
        throw new StateEntryError(file, 'every user may change it; chmod 600 mends that')
      await checkOwner(name, status, use)
    },

    async giveFile(file) {
      if (user !== 0) return
      owner ??= await statusOfRoot().catch(() => undefined)
      if (owner) await give(file, owner)
    },

    async giveFolders(first, last) {
      if (user !== 0) return
      const parent = await statusOf(path.dirname(first), 'r')
      for (let folder = last; folder.length >= first.length; folder = path.dirname(folder)) {
        const handle = await files.open(folder, openFlags('folder'))
        try {
          const status = await handle.stat()
          // Nothing that somebody has put there in between.
          if (status.isDirectory() && status.uid === 0) await give(handle, parent)
        } finally {
          await handle.close()
        }
      }
    },
  }
}

const WRITABLE_BY_ALL = 0o002

const isOpenToOthers = ({ mode }: FileStatus): boolean => (mode & 0o022) !== 0

const foreign = (file: string, uid: number) =>
  new StateEntryError(file, `it belongs to another user (${uid}), who may have put it there`)
