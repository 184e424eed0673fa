import { process } from './natives.ts'
import { pathProblem } from './paths.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Returns the current environment of the process. */
export const systemEnvironment = (): Environment => readEnvironment(process.env)

/**
 * Copies the variables of an environment, without properties that another library has added to `Object.prototype`. Names on Windows are
 * not case-sensitive, so each is found in capitals there too.
 */
export function readEnvironment(environment: Environment): Environment {
  const read: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue
    read[name] = String(value)
    if (process.platform === 'win32') read[name.toUpperCase()] = String(value)
  }
  return read
}

/** Returns whether the process's standard output, or the stream of another descriptor, is a terminal. */
export const systemHasTerminal = (descriptor = 1): boolean =>
  process.getBuiltinModule('node:tty').isatty(descriptor)

/**
 * Returns the home directory of the process's user from the system, also if a service manager sets no HOME.
 * Returns `undefined` if the user has none.
 */
export function systemHome(): string | undefined {
  const { homedir, userInfo } = process.getBuiltinModule('node:os')
  for (const find of [homedir, () => userInfo().homedir]) {
    try {
      const home = find()
      // `homedir` returns the value of HOME unchecked.
      if (pathProblem(home) === undefined) return home
    } catch {
      // A user without an entry in the user database, as in some containers.
    }
  }
  return undefined
}
