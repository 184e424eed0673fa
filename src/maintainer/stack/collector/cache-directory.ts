import path from 'node:path'
import type { Environment } from '../../../platform/index.ts'
import { GatewayOptionsError } from '../../package/index.ts'

/**
 * Returns `otel-usage` in the user's cache directory of the platform: by the XDG Base Directory Specification, `~/Library/Caches`, or
 * `%LOCALAPPDATA%`.
 *
 * @throws {GatewayOptionsError} if the environment has no home directory.
 */
export function cacheDirectory(
  environment: Environment,
  platform: NodeJS.Platform = process.platform,
): string {
  const base = cacheHome(environment, platform)
  if (base === undefined) {
    const variable = platform === 'win32' ? 'LOCALAPPDATA' : 'XDG_CACHE_HOME or HOME'
    throw new GatewayOptionsError(`There is no directory for the cache; set ${variable}.`)
  }
  return path.join(base, 'otel-usage')
}

function cacheHome(environment: Environment, platform: NodeJS.Platform): string | undefined {
  if (platform === 'win32') return environment['LOCALAPPDATA']
  const home = environment['HOME']
  if (platform === 'darwin') return home && path.join(home, 'Library', 'Caches')
  const configured = environment['XDG_CACHE_HOME']
  // The specification says to ignore relative paths.
  if (configured && path.isAbsolute(configured)) return configured
  return home && path.join(home, '.cache')
}
