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
import { mostUsefulLine, runCommand } from '../process/run-command.ts'

/** Way in which a ClickHouse was found. */
export type ClickHouseOrigin = 'address' | 'path' | 'npm'

/** Address of a running server, or the command that starts one: `clickhouse local`, to which arguments are added. */
export type FoundClickHouse =
  | { readonly how: 'address'; readonly url: string }
  | { readonly how: 'path' | 'npm'; readonly command: readonly string[] }

/** Options of {@link findClickHouse}. */
export interface FindClickHouseOptions {
  /** The HTTP address of a server. Default: the variable `CLICKHOUSE_URL`. */
  readonly address?: string | undefined
  /** Default: the environment of the process. */
  readonly environment?: Environment
}

/**
 * Finds ClickHouse: at a given address, as `clickhouse` on the PATH, or as the engine from npm.
 *
 * @throws {GatewayOptionsError} if the address is not an HTTP address.
 * @throws {ClickHouseNotFoundError} if every way fails; the message says why.
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
    reason:
      code === 127 ? 'no such program' : `\`clickhouse local --version\` failed: ${mostUsefulLine(lines)}`,
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

/** Finds the library without loading it: a process that loads it is bound to one data directory. */
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
