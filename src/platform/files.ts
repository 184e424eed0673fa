import { process } from './natives.ts'

/** Open file, such as a `FileHandle` of Node.js. */
export interface OpenFile {
  stat(): Promise<FileStatus>
  /** Reads up to `length` bytes into `buffer`; 0 bytes at the end of the file. */
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
  writeFile(data: string | Uint8Array, options?: object): Promise<void>
  /** Flushes the file to the disk. Optional: not every file system supports it. */
  sync?(): Promise<void>
  chown?(user: number, group: number): Promise<void>
  close(): Promise<void>
}

/** Status of a file that a state store checks before it reads the file. */
export interface FileStatus {
  readonly uid: number
  readonly gid: number
  readonly mode: number
  readonly nlink: number
  readonly size: number
  /** Time of the last change, in milliseconds since 1970. */
  readonly mtimeMs?: number
  isFile(): boolean
  isDirectory(): boolean
}

/** File functions that a state store uses, as in `node:fs/promises`. */
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
 * Returns `node:fs`, loaded at the first use: an `import` would load all of it, streams and promises included, which costs every host
 * 3 ms and 3 MB at its start.
 */
const fs = () => process.getBuiltinModule('node:fs')

/** File functions of Node.js. Those that a start uses avoid `fs.promises`, so that it is not loaded yet. */
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
 * Returns the flags to open a file with. With them, opening does not block on a FIFO, does not follow a symbolic link at the end of
 * the path, and does not take a controlling terminal. Flags that a platform lacks are left out.
 *
 * - `read`: read the file.
 * - `append`: append to the file, and read its end first. Creates the file if it does not exist.
 * - `folder`: read the status of a directory.
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

/** Returns the effective user id of this process; `undefined` on Windows, which has none. */
export const effectiveUser = (): number | undefined => process.geteuid?.()

/** Reads the text of a small file synchronously. Throws the error of Node.js. */
export const readTextFile = (file: string): string => fs().readFileSync(file, 'utf8')

/** Reads the target of a symbolic link synchronously. Throws the error of Node.js. */
export const readLinkNow = (file: string): string => fs().readlinkSync(file)

/** Returns the path of a directory that is given as a path or as a file URL. Throws for any other URL. */
export const pathOf = (file: string | URL): string =>
  typeof file === 'string' ? file : process.getBuiltinModule('node:url').fileURLToPath(file)
