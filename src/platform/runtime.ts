import { process } from './natives.ts'

/** The oldest Node.js that the library runs on, as in package.json: a test holds the two together. */
export const OLDEST_NODE = '22.15'

/** What runs the process, where the library cannot run on it: `Node.js 20.11.0`. */
export function unsuitableRuntime(version: unknown = process.versions?.node): string | undefined {
  const numbersOf = (text: string) => text.split('.').map(Number)
  const [major = 0, minor = 0] = numbersOf(String(version))
  const [oldestMajor = 0, oldestMinor = 0] = numbersOf(OLDEST_NODE)
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined
  return typeof version === 'string' ? `Node.js ${version}` : 'a runtime that is not Node.js'
}
