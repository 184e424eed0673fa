import { process } from './natives.ts'

/**
 * The file functions of Node.js, fetched when they are used: an `import` of `node:fs` makes all of it ready, streams and promises
 * included, which costs every host three milliseconds and as many megabytes at its start.
 */
export type FileFunctions = Pick<
  typeof import('node:fs/promises'),
  'link' | 'lstat' | 'mkdir' | 'open' | 'readdir' | 'readFile' | 'rename' | 'unlink'
>

const fs = () => process.getBuiltinModule('node:fs')

export const systemFiles: FileFunctions = {
  get link() {
    return fs().promises.link
  },
  get mkdir() {
    return fs().promises.mkdir
  },
  get open() {
    return fs().promises.open
  },
  get rename() {
    return fs().promises.rename
  },
  get unlink() {
    return fs().promises.unlink
  },
  // All that a start does with files, most of the time: for that the promises of Node.js need not be there yet.
  lstat: ((file: string) => promised((done) => fs().lstat(file, done))) as FileFunctions['lstat'],
  readdir: ((folder: string) =>
    promised<string[]>((done) => fs().readdir(folder, done))) as FileFunctions['readdir'],
  readFile: ((file: string) => promised((done) => fs().readFile(file, done))) as FileFunctions['readFile'],
}

function promised<R>(call: (done: (error: Error | null, result: R) => void) => void): Promise<R> {
  return new Promise((resolve, reject) => call((error, result) => (error ? reject(error) : resolve(result))))
}

/** The text of a small file, read at once. Throws what Node.js throws. */
export const readTextFile = (file: string): string => fs().readFileSync(file, 'utf8')

/** Where a symbolic link leads, read at once. Throws what Node.js throws. */
export const readLinkNow = (file: string): string => fs().readlinkSync(file)

/** The path of a directory that is given as a path or as a file URL. */
export const pathOf = (place: string | URL): string =>
  typeof place === 'string' ? place : process.getBuiltinModule('node:url').fileURLToPath(place)
