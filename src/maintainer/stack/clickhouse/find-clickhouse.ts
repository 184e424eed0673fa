import { createRequire } from 'node:module'
import { type Environment, systemEnvironment } from '../../../platform/index.ts'
import {
  ClickHouseNotFoundError,
  childScript,
  errorMessage,
  type FailedWay,
  GatewayOptionsError,
  missingPackages,
  STORE_CLIENT,
  STORE_ENGINE,
  shownAddress,
} from '../../package/index.ts'
import { runCommand, tellingLine } from '../process/run-command.ts'

/** How a ClickHouse was come by. */
export type ClickHouseOrigin = 'address' | 'path' | 'npm'

/** A server that runs, or the command of one that can: `clickhouse local`, its arguments follow. */
export type FoundClickHouse =
  | { readonly how: 'address'; readonly url: string }
  | { readonly how: 'path' | 'npm'; readonly command: readonly string[] }

export interface FindClickHouseOptions {
  /** The HTTP address of a server. Default: the variable `CLICKHOUSE_URL`. */
  readonly address?: string | undefined
  /** Default: the process's own. */
  readonly environment?: Environment
}

/**
 * Finds ClickHouse: an address given, `clickhouse` on the PATH, the engine from npm.
 *
 * @throws {GatewayOptionsError} when the address is none.
 * @throws {ClickHouseNotFoundError} that names every way and why it failed.
 */
export async function findClickHouse(options: FindClickHouseOptions = {}): Promise<FoundClickHouse> {
  const environment = options.environment ?? systemEnvironment()
  const address = options.address ?? environment['CLICKHOUSE_URL']
  if (address) return { how: 'address', url: checked(address) }
  const failed: FailedWay[] = [{ way: 'an address', reason: 'CLICKHOUSE_URL is not set' }]

  const { code, lines } = await runCommand(['clickhouse', 'local', '--version'], {
    environment,
    timeout: 20_000,
  })
  if (code === 0) return { how: 'path', command: ['clickhouse', 'local'] }
  failed.push({
    way: '`clickhouse` on the PATH',
    reason: code === 127 ? 'there is none' : `\`clickhouse local --version\` failed: ${tellingLine(lines)}`,
  })

  const engine = npmEngine()
  if ('library' in engine) {
    return {
      how: 'npm',
      command: [process.execPath, childScript('clickhouse-engine', import.meta), engine.library],
    }
  }
  failed.push({ way: 'the engine from npm', reason: engine.reason })
  throw new ClickHouseNotFoundError(failed, missingPackages([...STORE_ENGINE, STORE_CLIENT]))
}

function checked(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return address
  throw new GatewayOptionsError(
    `The ClickHouse address '${shownAddress(address)}' is not an HTTP address; write it as http://127.0.0.1:8123 or https://user:password@host:8443.`,
  )
}

/** Finds the library without loading it: it binds the process that loads it to one data directory. */
function npmEngine(): { readonly library: string } | { readonly reason: string } {
  const missing = missingPackages(STORE_ENGINE)
  if (missing.length > 0) {
    return {
      reason:
        missing.length === 1
          ? `the package ${missing[0]} is not installed`
          : `the packages ${missing.join(' and ')} are not installed`,
    }
  }
  try {
    const require = createRequire(import.meta.url)
    const { libchdbPath } = require('chdb/libchdb') as { libchdbPath: () => string }
    return { library: libchdbPath() }
  } catch (error) {
    return { reason: errorMessage(error).split('\n')[0] as string }
  }
}
