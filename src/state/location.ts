import path from 'node:path'
import { type Environment, process, systemHome } from '../host/index.ts'

/**
 * Where a product's state goes when nobody says otherwise: the user's directory for state as the platform has it
 * (XDG Base Directory Specification; `~/Library/Application Support`; `%LOCALAPPDATA%`).
 * Where the environment names no home, the system does. `undefined` where neither does.
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
  const below = (home: string | undefined, ...names: string[]) => home && path.join(home, ...names)
  if (platform === 'win32') return environment['LOCALAPPDATA'] || below(findHome(), 'AppData', 'Local')
  // The specification has relative paths ignored.
  const configured = platform === 'darwin' ? undefined : environment['XDG_STATE_HOME']
  if (configured && path.isAbsolute(configured)) return configured
  const home = environment['HOME'] || findHome()
  return platform === 'darwin'
    ? below(home, 'Library', 'Application Support')
    : below(home, '.local', 'state')
}
