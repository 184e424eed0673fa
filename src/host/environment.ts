import { process } from './natives.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The process's own environment, as it is now. */
export const systemEnvironment = (): Environment => process.env

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
      if (home) return home
    } catch {
      // A user without an entry in the user database, as in some containers.
    }
  }
  return undefined
}
