import path from 'node:path'
import type { Environment } from '../../../platform/index.ts'
import { GatewayOptionsError } from '../../package/index.ts'

/**
 * Where what can be made again is kept: the user's cache directory as the platform has it (XDG Base Directory
 * Specification; `~/Library/Caches`; `%LOCALAPPDATA%`), and in it `otel-usage`.
 *
 * @throws {GatewayOptionsError} where the environment names no home at all.
 */
export function cacheDirectory(
  environment: Environment,
  platform: NodeJS.Platform = process.platform,
): string {
  const base = cacheHome(environment, platform)
  if (base === undefined) {
    const variable = platform === 'win32' ? 'LOCALAPPDATA' : 'XDG_CACHE_HOME or HOME'
    throw new GatewayOptionsError(`There is no place for the cache: set ${variable} to a directory.`)
  }
  return path.join(base, 'otel-usage')
}

function cacheHome(environment: Environment, platform: NodeJS.Platform): string | undefined {
  if (platform === 'win32') return environment['LOCALAPPDATA']
  const home = environment['HOME']
  if (platform === 'darwin') return home && path.join(home, 'Library', 'Caches')
  const configured = environment['XDG_CACHE_HOME']
  // The specification has relative paths ignored.
  if (configured && path.isAbsolute(configured)) return configured
  return home && path.join(home, '.cache')
}
