import path from 'node:path'
import { type Environment, pathProblem, process, systemHome } from '../platform/index.ts'

/**
 * Returns the default directory for a product's state, below the platform's directory for state
 * (XDG Base Directory Specification; `~/Library/Application Support`; `%LOCALAPPDATA%`).
 * If the environment names no usable home (`~`, `undefined`, a relative path), the system's user database is asked.
 * Returns `undefined` if neither names one.
 */
export function defaultStateDirectory(
  product: string,
  environment: Environment,
  platform: NodeJS.Platform = process.platform,
  findHome = systemHome,
): string | undefined {
  const base = stateHome(environment, platform, findHome)
  return base && path.join(base, product, 'usage')
}

function stateHome(
  environment: Environment,
  platform: NodeJS.Platform,
  findHome: () => string | undefined,
): string | undefined {
  const usable = (name: string) => {
    const value = environment[name] ?? ''
    return pathProblem(value, platform) === undefined ? value : undefined
  }
  const below = (home: string | undefined, ...names: string[]) => home && path.join(home, ...names)
  if (platform === 'win32') return usable('LOCALAPPDATA') ?? below(findHome(), 'AppData', 'Local')
  const home = () => usable('HOME') ?? findHome()
  if (platform === 'darwin') return below(home(), 'Library', 'Application Support')
  // The specification says to ignore relative paths.
  return usable('XDG_STATE_HOME') ?? below(home(), '.local', 'state')
}
