import path from 'node:path'
import { process } from './natives.ts'

/** Why a text from outside is not the path of a directory, as the end of a sentence; `undefined` where it is one. */
export function pathProblem(text: string, platform: NodeJS.Platform = process.platform): string | undefined {
  if (text.trim() !== text) return 'has spaces around it'
  if (/\p{Cc}/u.test(text)) return 'holds a control character'
  const { isAbsolute } = platform === 'win32' ? path.win32 : path.posix
  return isAbsolute(text) ? undefined : 'is not an absolute path'
}

/**
 * Whether a value can be meant as a path, relative ones included. One that begins with what a shell or a template should have
 * replaced would make a directory of that name.
 */
export const isPath = (value: unknown): value is string =>
  typeof value === 'string' &&
  value !== '' &&
  value.trim() === value &&
  !/\p{Cc}|^(?:~|\$|%|(?:undefined|null)(?:[/\\]|$)|[a-z][a-z0-9+.-]+:\/\/)/iu.test(value)

/** A path as an absolute one; `undefined` where it is relative to a working directory that has been deleted. */
export function absolutePath(place: string): string | undefined {
  try {
    return path.resolve(place)
  } catch {
    return undefined
  }
}
