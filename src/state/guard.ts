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

/** Guard that checks files in a state directory before they are used, and gives new ones to the owner of the directory. */
export interface Guard {
  /**
   * Checks an entry that was opened, before it is read or appended to.
   *
   * @throws {StateEntryError} if it is not a regular file, is larger than any entry, may be the work of another unprivileged user, or
   * decides about consent and is writable by every user.
   */
  checkEntry(name: string, status: FileStatus, use: 'read' | 'append'): Promise<void>
  /**
   * Checks the folder of an entry. Accepts a missing folder: it is created later.
   *
   * @throws {StateEntryError} if another unprivileged user may have created it.
   */
  checkFolder(folder: string): Promise<void>
  /**
   * Gives a new file to the owner of the state directory. Otherwise a service could never change a file that root created there. Does
   * nothing if the process lacks the privilege.
   */
  giveFile(file: OpenFile): Promise<void>
  /** Gives new directories, from `first` down to `last`, to the owner of the directory that contains `first`. */
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

  /** Reads the status of the state directory. Follows a symbolic link, as mounts of containers are. */
  const statusOfRoot = () => statusOf(root, 'r')

  const isTrusted = (uid: number, top: FileStatus) => [user, 0, top.uid].includes(uid)

  async function checkFolder(folder: string): Promise<void> {
    const status = await files.lstat(folder).catch(() => undefined)
    if (user === undefined || !status || status.uid === user || status.uid === 0) return
    const top = await statusOfRoot()
    if (!isTrusted(status.uid, top) && isOpenToOthers(top)) throw foreign(folder, status.uid)
  }

  /** Checks the owner of an entry, and its hard links: a user who may write to a directory may link another user's file there. */
  async function checkOwner(name: string, status: FileStatus, use: 'read' | 'append'): Promise<void> {
    const file = path.join(root, name)
    // An entry that lines are appended to was never created by a link.
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
    // Without owners in the file system, or without the privilege in a container, the owner stays.
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
          // Skips a directory that somebody else has put there meanwhile.
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
