import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Environment } from '../../platform/index.ts'
import { CallError } from './call-error.ts'

/** File with the address and the login of a store that `gateway up` has started, for curl. Nobody else can read it. */
export const loginFile = (directory: string): string => path.join(directory, 'clickhouse', 'curl.cfg')

/**
 * Resolves to the HTTP address of the store with its login: CLICKHOUSE_URL, or the store that `gateway up` has started in this folder.
 *
 * @throws {CallError} if there is neither
 */
export async function storeUrlOf(environment: Environment): Promise<string> {
  const named = environment['CLICKHOUSE_URL']
  if (named) return named
  const file = loginFile(environment['USAGE_GATEWAY_DIRECTORY'] || 'usage-gateway')
  const text = await readFile(file, 'utf8').catch(() => '')
  const [address, login] = ['url', 'user'].map((name) => settingIn(text, name))
  if (address === undefined || login === undefined || !URL.canParse(address))
    throw new CallError(
      'CLICKHOUSE_URL is not set, and no `gateway up` has started a store in this folder; set CLICKHOUSE_URL to the HTTP address of the ' +
        'store, such as http://127.0.0.1:8123.',
    )
  const url = new URL(address)
  const [user = '', ...password] = login.split(':')
  url.username = encodeURIComponent(user)
  url.password = encodeURIComponent(password.join(':'))
  return url.href
}

function settingIn(text: string, name: string): string | undefined {
  const [, quoted] = new RegExp(`^${name} = ("(?:[^"\\\\]|\\\\.)*")$`, 'm').exec(text) ?? []
  return quoted === undefined ? undefined : quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1')
}
