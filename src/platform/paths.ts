import path from 'node:path'
import { process } from './natives.ts'

/** Returns why a text is not an absolute path, as the end of a sentence; `undefined` if it is one. */
export function pathProblem(text: string, platform: NodeJS.Platform = process.platform): string | undefined {
  if (text.trim() !== text) return 'has spaces around it'
  if (/\p{Cc}/u.test(text)) return 'holds a control character'
  const { isAbsolute } = platform === 'win32' ? path.win32 : path.posix
  return isAbsolute(text) ? undefined : 'is not an absolute path'
}

/**
 * Returns whether a value is plausible as an absolute or relative path. A text such as `~`, `$HOME`, `%APPDATA%` or `undefined` is
 * not: a shell or a template should have replaced it, and it would create a directory of that name.
 */
export const isPath = (value: unknown): value is string =>
  typeof value === 'string' &&
  value !== '' &&
  value.trim() === value &&
  !/\p{Cc}|^(?:~|\$|%|(?:undefined|null)(?:[/\\]|$)|[a-z][a-z0-9+.-]+:\/\/)/iu.test(value)

/** Returns a path as an absolute one; `undefined` if it is relative to a working directory that was deleted. */
export function absolutePath(text: string): string | undefined {
  try {
    return path.resolve(text)
  } catch {
    return undefined
  }
}
