import { process } from './natives.ts'

/** Oldest supported version of Node.js, as in package.json; a test compares the two. */
export const OLDEST_NODE = '22.15'

/** Returns the name of an unsupported runtime, such as `Node.js 20.11.0`; `undefined` if the runtime is supported. */
export function unsuitableRuntime(version: unknown = process.versions?.node): string | undefined {
  const numbersOf = (text: string) => text.split('.').map(Number)
  const [major = 0, minor = 0] = numbersOf(String(version))
  const [oldestMajor = 0, oldestMinor = 0] = numbersOf(OLDEST_NODE)
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined
  return typeof version === 'string' ? `Node.js ${version}` : 'a runtime that is not Node.js'
}
