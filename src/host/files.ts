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
  get readdir() {
    return fs().promises.readdir
  },
  get rename() {
    return fs().promises.rename
  },
  get unlink() {
    return fs().promises.unlink
  },
  // A start reads and finds nothing: for that the promises of Node.js need not be there yet.
  lstat: ((file: string) =>
    new Promise((resolve, reject) => {
      fs().lstat(file, (error, stats) => (error ? reject(error) : resolve(stats)))
    })) as FileFunctions['lstat'],
  readFile: ((file: string) =>
    new Promise((resolve, reject) => {
      fs().readFile(file, (error, bytes) => (error ? reject(error) : resolve(bytes)))
    })) as FileFunctions['readFile'],
}

/** The text of a small file, read at once. Throws what Node.js throws. */
export const readTextFile = (file: string): string => fs().readFileSync(file, 'utf8')

/** Where a symbolic link leads, read at once. Throws what Node.js throws. */
export const readLinkNow = (file: string): string => fs().readlinkSync(file)

/** The path of a directory that is given as a path or as a file URL. */
export const pathOf = (place: string | URL): string =>
  typeof place === 'string' ? place : process.getBuiltinModule('node:url').fileURLToPath(place)
