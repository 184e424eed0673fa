import { process } from './natives.ts'

/** A file that is open. A `FileHandle` of Node.js is one. */
export interface OpenFile {
  stat(): Promise<FileStatus>
  /** Reads up to `length` bytes into `buffer`; 0 of them where the file ends. */
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
  writeFile(data: string | Uint8Array): Promise<void>
  /** Not every file system, and not everything that stands for one, can do that. */
  sync?(): Promise<void>
  chown?(user: number, group: number): Promise<void>
  close(): Promise<void>
}

/** What a state store looks at before it reads a file. */
export interface FileStatus {
  readonly uid: number
  readonly gid: number
  readonly mode: number
  readonly nlink: number
  readonly size: number
  /** When it was last changed, in milliseconds since 1970. */
  readonly mtimeMs?: number
  isFile(): boolean
  isDirectory(): boolean
}

/** The file functions that a state store uses. `node:fs/promises` has them, and whatever else is made like it. */
export interface FileFunctions {
  link(from: string, to: string): Promise<void>
  lstat(file: string): Promise<FileStatus>
  mkdir(folder: string, options: { recursive: true; mode: number }): Promise<string | undefined>
  open(file: string, flags: string | number, mode?: number): Promise<OpenFile>
  readdir(folder: string): Promise<string[]>
  rename(from: string, to: string): Promise<void>
  unlink(file: string): Promise<void>
}

/**
 * Fetched when it is used: an `import` of `node:fs` makes all of it ready, streams and promises included, which costs every host
 * three milliseconds and as many megabytes at its start.
 */
const fs = () => process.getBuiltinModule('node:fs')

/** The file functions of Node.js. What a start does with them, most of the time, does without its promises: those need not be there yet. */
export const systemFiles: FileFunctions & { readFile(file: string): Promise<Uint8Array> } = {
  get link() {
    return fs().promises.link
  },
  get mkdir() {
    return fs().promises.mkdir as FileFunctions['mkdir']
  },
  get rename() {
    return fs().promises.rename
  },
  get unlink() {
    return fs().promises.unlink
  },
  lstat: (file) => promised((done) => fs().lstat(file, done)),
  async open(file, flags, mode) {
    if (flags !== openFlags('read')) return fs().promises.open(file, flags, mode)
    return openToRead(await promised<number>((done) => fs().open(file, flags, done)))
  },
  readdir: (folder) => promised((done) => fs().readdir(folder, done)),
  readFile: (file) => promised((done) => fs().readFile(file, done)),
}

const openToRead = (descriptor: number): OpenFile => ({
  stat: () => promised((done) => fs().fstat(descriptor, done)),
  async read(buffer, offset, length, position) {
    const bytesRead = await promised<number>((done) =>
      fs().read(descriptor, buffer, offset, length, position, done),
    )
    return { bytesRead }
  },
  writeFile: () => Promise.reject(new TypeError('The file is open to be read.')),
  close: () => promised((done) => fs().close(descriptor, done)),
})

function promised<R>(call: (done: (error: Error | null, result?: R) => void) => void): Promise<R> {
  return new Promise((resolve, reject) =>
    call((error, result) => (error ? reject(error) : resolve(result as R))),
  )
}

/**
 * The flags to open a file with. None of them waits, as the opening of a FIFO does, follows a link in the last place of the
 * path, or makes a terminal this process's own. What a platform does not have is left out.
 *
 * - `read`: to read it.
 * - `append`: to add to its end, and to look at that end before. The file is made where there is none.
 * - `folder`: to look at a directory.
 */
export function openFlags(purpose: 'read' | 'append' | 'folder'): number {
  const { constants } = fs()
  const {
    O_NOFOLLOW = 0,
    O_NONBLOCK = 0,
    O_NOCTTY = 0,
    O_DIRECTORY = 0,
  } = constants as Partial<typeof constants>
  const careful = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
  if (purpose === 'folder') return careful | constants.O_RDONLY | O_DIRECTORY
  if (purpose === 'read') return careful | constants.O_RDONLY
  return careful | constants.O_RDWR | constants.O_APPEND | constants.O_CREAT
}

/** The user that this process acts as; `undefined` where users have no numbers, on Windows. */
export const effectiveUser = (): number | undefined => process.geteuid?.()

/** The text of a small file, read at once. Throws what Node.js throws. */
export const readTextFile = (file: string): string => fs().readFileSync(file, 'utf8')

/** Where a symbolic link leads, read at once. Throws what Node.js throws. */
export const readLinkNow = (file: string): string => fs().readlinkSync(file)

/** The path of a directory that is given as a path or as a file URL. */
export const pathOf = (place: string | URL): string =>
  typeof place === 'string' ? place : process.getBuiltinModule('node:url').fileURLToPath(place)
