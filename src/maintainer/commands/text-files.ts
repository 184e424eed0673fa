import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { errorMessage, GatewayError } from '../package/index.ts'
import { CallError } from './call-error.ts'

/**
 * Reads a text file that an option names. A byte order mark is left out.
 *
 * @throws {CallError} when the file cannot be read.
 */
export function readText(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    throw new CallError(`${option} names '${file}', ${faultOf(error)}.`, { cause: error })
  }
}

/**
 * Checks files that an option names, before anything is started with them.
 *
 * @throws {CallError} when one cannot be read.
 */
export function requireReadable(option: string, files: readonly string[]): void {
  for (const file of files) readText(option, file)
}

/**
 * Writes a text file that an option names.
 *
 * @throws {CallError} when its folder does not exist, or when it is a folder itself.
 * @throws {GatewayError} when it cannot be written for another reason.
 */
export function writeText(option: string, file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const folder = path.dirname(file)
    if (code === 'ENOENT' && !existsSync(folder)) {
      throw new CallError(
        `${option} names '${file}', but the folder '${folder}' does not exist; create it, or choose another file.`,
        { cause: error },
      )
    }
    if (code === 'EISDIR') {
      throw new CallError(`${option} names '${file}', ${faultOf(error)}; name a file in it.`, {
        cause: error,
      })
    }
    throw new GatewayError(`'${file}' could not be written: ${errorMessage(error)}.`, { cause: error })
  }
}

/** Says why a file cannot be used, as the end of a sentence. */
function faultOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'which does not exist'
  if (code === 'EISDIR') return 'which is a folder'
  if (code === 'EACCES' || code === 'EPERM') return 'which this user may not read'
  return `which could not be read: ${errorMessage(error)}`
}
