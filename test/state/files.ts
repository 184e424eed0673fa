/** The real file functions, of which one is made to fail. */
import { type FileHandle, link, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { type FileFunctions, openFlags } from '../../src/platform/index.ts'

export const realFiles: FileFunctions = { link, lstat, mkdir, open, readdir, rename, unlink }

export const errorOf = (code: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${code}: made to fail`), { code })

/** One function rejects, whatever it is called with. */
export const failing = (name: keyof FileFunctions, code: string): FileFunctions => ({
  ...realFiles,
  [name]: async () => {
    throw errorOf(code)
  },
})

/** Every handle goes through `change` before it is used. */
export const withHandles = (change: (handle: FileHandle, flags: unknown) => FileHandle): FileFunctions => ({
  ...realFiles,
  open: async (file, flags, mode) => change(await open(file, flags, mode), flags),
})

/** Files can be opened, and then one function of their handles rejects. */
export const withFailingHandle = (method: 'writeFile' | 'sync', code: string): FileFunctions =>
  withHandles((handle, flags) => {
    if (!CHANGES.includes(flags)) return handle
    const write = handle.writeFile.bind(handle)
    return Object.assign(handle, {
      async [method]() {
        // What a full disk does: a part is written, and then no more.
        if (method === 'writeFile') await write('hal')
        throw errorOf(code)
      },
    })
  })

/** The flags of files that are opened to be changed. */
const CHANGES: readonly unknown[] = ['wx', openFlags('append')]
