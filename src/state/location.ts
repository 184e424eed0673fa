import path from 'node:path'
import { type Environment, pathProblem, process, systemHome } from '../platform/index.ts'

/**
 * Where a product's state goes when nobody says otherwise: the user's directory for state as the platform has it
 * (XDG Base Directory Specification; `~/Library/Application Support`; `%LOCALAPPDATA%`).
 * Where the environment names no home, or none that can be used (`~`, `undefined`, a relative path), the system does.
 * `undefined` where neither does.
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
  // The specification has relative paths ignored.
  return usable('XDG_STATE_HOME') ?? below(home(), '.local', 'state')
}
