import { BlockList, isIP } from 'node:net'
import { Buffer, type Environment, URL } from '../../platform/index.ts'
import { ProxyError } from './failure.ts'

/** Proxy that a report is sent through. */
export interface ProxyServer {
  /** Address of the proxy, without credentials. */
  readonly url: URL
  /** Credentials from the address; they are sent to the proxy only. */
  readonly headers: { readonly 'proxy-authorization'?: string }
}

/**
 * Returns the proxy that an environment names for an address, by the rules of curl (https://curl.se/docs/manpage.html#ENVIRONMENT):
 * the lower-case variable first, `ALL_PROXY` if the protocol has no variable, `http://` if the value has no scheme, and
 * no `HTTP_PROXY` in capitals, which a CGI server fills from a request's `Proxy` header. As in Go, this machine is reached
 * directly.
 *
 * @throws {ProxyError} if the proxy cannot be used: a report must not bypass a configured proxy.
 */
export function proxyFor(url: URL, environment: Environment): ProxyServer | undefined {
  const first = (...names: string[]) => names.find((name) => environment[name]?.trim()) ?? ''
  const own = url.protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy']
  const name = first(...own, 'all_proxy', 'ALL_PROXY')
  const value = environment[name]?.trim()
  if (!value || isExempt(url, environment[first('no_proxy', 'NO_PROXY')] ?? '')) return undefined
  return parseProxy(name, value)
}

/**
 * Returns whether an address is reached without a proxy, by the list in `NO_PROXY`. Its entries are separated by commas or spaces:
 * names, which include all their subdomains (also written with a dot or `*.` in front), IP addresses, ranges such as `10.0.0.0/8`,
 * each with or without a port, or `*` for all. Entries that cannot be parsed are ignored.
 */
export function isExempt(url: URL, list: string): boolean {
  const host = bare(url.hostname)
  const entries = ['localhost', '127.0.0.0/8', '::1', ...list.toLowerCase().split(/[\s,]+/)]
  return entries.some((entry) => {
    const [, name = entry, port] = isIP(entry) ? [] : (/^(.*[^:]):(\d+)$/.exec(entry) ?? [])
    if (port !== undefined && port !== portOf(url)) return false
    if (name === '*') return true
    return isIP(host) ? isInRange(host, bare(name)) : isBelow(host, bare(name).replace(/^\*?\./, ''))
  })
}

/** Returns the port of an address; the default port of the protocol if the address has none. */
export const portOf = ({ port, protocol }: URL): string => port || (protocol === 'https:' ? '443' : '80')

function parseProxy(name: string, value: string): ProxyServer {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new ProxyError(`the proxy in ${name} cannot be used; write it as http://host:port`)
  }
  const credentials = `${decoded(url.username)}:${decoded(url.password)}`
  return {
    url: new URL(`${url.protocol}//${url.host}`),
    headers:
      credentials === ':'
        ? {}
        : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` },
  }
}

/** Decodes percent escapes. Returns the text unchanged if one of them is not valid. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const isBelow = (host: string, domain: string) => host === domain || host.endsWith(`.${domain}`)

function isInRange(host: string, range: string): boolean {
  const [, address = '', prefix] = /^([^/]*)(?:\/(\d+))?$/.exec(range) ?? []
  if (!isIP(address)) return false
  const listed = new BlockList()
  try {
    if (prefix === undefined) listed.addAddress(address, familyOf(address))
    else listed.addSubnet(address, Number(prefix), familyOf(address))
  } catch {
    return false
  }
  return listed.check(host, familyOf(host))
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** Returns a host without the brackets of IPv6 and without the final dot. */
const bare = (host: string) => host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
