import { BlockList, isIP } from 'node:net'
import { Buffer, type Environment, URL } from '../../platform/index.ts'
import { ProxyError } from './failure.ts'

/** A proxy that a report goes through. */
export interface ProxyServer {
  /** Its address, without credentials. */
  readonly url: URL
  /** Who asks: the credentials of its address, which are told to the proxy alone. */
  readonly headers: { readonly 'proxy-authorization'?: string }
}

/**
 * The proxy that an environment names for an address, by the rules of curl (https://curl.se/docs/manpage.html#ENVIRONMENT): the
 * lower-case variable first, `ALL_PROXY` where the protocol has none of its own, `http://` where the value has no scheme, and
 * no `HTTP_PROXY` in capitals, which a CGI server fills from a request's `Proxy` header. As with Go, this machine is reached
 * directly: what is for itself does not leave it.
 *
 * Throws {@link ProxyError} for one that cannot be used: a report does not go around a proxy that it should go through.
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
 * Whether an address is reached without a proxy, by the list of `NO_PROXY`: names, which stand for themselves and all below them
 * (also with a dot or `*.` before them), IP addresses, ranges such as `10.0.0.0/8`, each with or without a port, or `*` for all.
 * They are parted by commas or spaces; what cannot be understood is no exception.
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

/** The port of an address, the protocol's own where it names none. */
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

/** A percent sign that begins no escape stands for itself. */
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

/** A host without the brackets of IPv6 and the dot of the root. */
const bare = (host: string) => host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
