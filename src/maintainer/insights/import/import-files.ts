import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { errorMessage } from '../../package/index.ts'

export interface ImportFile {
  readonly file: string
  /** Size in bytes, as it is on the disk. */
  readonly size: number
  /** Reason that it cannot be read at all, as the end of a sentence. */
  readonly problem?: string
}

/** Returns the files that are meant: those that are named, and those that lie in folders that are named, by name. Checksums are left out. */
export async function findFiles(paths: readonly string[]): Promise<ImportFile[]> {
  const found = await Promise.all(paths.map(filesAt))
  return [...new Map(found.flat().map((each) => [path.resolve(each.file), each])).values()]
}

async function filesAt(named: string): Promise<ImportFile[]> {
  try {
    const about = await stat(named)
    if (!about.isDirectory()) return [await fileAt(named)]
    const names = (await readdir(named)).filter((name) => IS_DATA.test(name)).sort()
    const files = await Promise.all(names.map((name) => fileAt(path.join(named, name))))
    return files.length > 0
      ? files
      : [{ file: named, size: 0, problem: 'it is a folder without .jsonl or .json files' }]
  } catch (error) {
    return [{ file: named, size: 0, problem: faultOf(error) }]
  }
}

/** Names of the files of a folder that are read. Rotation adds a time, and a compression its ending. */
const IS_DATA = /\.jsonl?(\.gz|\.zst)?$/

async function fileAt(file: string): Promise<ImportFile> {
  try {
    const about = await stat(file)
    // Who opens a named pipe waits until somebody writes into it.
    if (!about.isFile()) return { file, size: 0, problem: 'it is not a regular file' }
    const problem = await checksumProblem(file)
    return { file, size: about.size, ...(problem !== undefined && { problem }) }
  } catch (error) {
    return { file, size: 0, problem: faultOf(error) }
  }
}

/** Compares a file with the checksum that `export` writes beside it, if there is one. */
async function checksumProblem(file: string): Promise<string | undefined> {
  const checksumFile = `${file}.sha256`
  const text = await readFile(checksumFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const [, expected] = /^([0-9a-f]{64})\b/i.exec(text) ?? []
  if (expected === undefined) return `${checksumFile} holds no SHA-256`
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  return hash.digest('hex') === expected.toLowerCase()
    ? undefined
    : `its SHA-256 is another one than in ${checksumFile}: it is damaged; copy it again`
}

/** Returns why a file cannot be read, as the end of a sentence. */
export function faultOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'it does not exist'
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not read it'
  return `it could not be read: ${errorMessage(error)}`
}
