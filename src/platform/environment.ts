import { process } from './natives.ts'
import { pathProblem } from './places.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The process's own environment, as it is now. */
export const systemEnvironment = (): Environment => readEnvironment(process.env)

/**
 * What an environment holds at this moment: its own names only, so that what another library adds to every object is no variable.
 * Windows has `Path` and `PATH` for the same: there each is found in capitals, too.
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

/** Whether a person may look at the process's standard output. */
export const systemHasTerminal = (): boolean => process.getBuiltinModule('node:tty').isatty(1)

/**
 * The home directory of the user that runs the process, as the system knows it: also where a service manager sets no HOME.
 * `undefined` where the user has none.
 */
export function systemHome(): string | undefined {
  const { homedir, userInfo } = process.getBuiltinModule('node:os')
  for (const find of [homedir, () => userInfo().homedir]) {
    try {
      const home = find()
      // The first one repeats what HOME says, whatever that is.
      if (pathProblem(home) === undefined) return home
    } catch {
      // A user without an entry in the user database, as in some containers.
    }
  }
  return undefined
}
