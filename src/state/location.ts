import path from 'node:path'
import type { Environment } from '../host/index.ts'

/**
 * Where a product's state goes when nobody says otherwise: the user's directory for state as the platform has it
 * (XDG Base Directory Specification; `~/Library/Application Support`; `%LOCALAPPDATA%`).
 * `undefined` where the environment names no home at all.
 */
export function defaultStateDirectory(
  product: string,
  environment: Environment,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const base = stateHome(environment, platform)
  return base && path.join(base, product, 'usage')
}

function stateHome(environment: Environment, platform: NodeJS.Platform): string | undefined {
  const home = environment['HOME']
  if (platform === 'win32') return environment['LOCALAPPDATA']
  if (platform === 'darwin') return home && path.join(home, 'Library', 'Application Support')
  const configured = environment['XDG_STATE_HOME']
  // The specification has relative paths ignored.
  if (configured && path.isAbsolute(configured)) return configured
  return home && path.join(home, '.local', 'state')
}
