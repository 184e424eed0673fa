import { URL } from './natives.ts'

/** Normalized address of a receiver, or the reason why reports cannot be sent to it. */
export type Endpoint =
  | { readonly url: string; readonly problem: undefined }
  /** The end of a sentence. */
  | { readonly url: undefined; readonly problem: string }

/**
 * Parses the address of a receiver by the URL Standard, without surrounding spaces: the base address, or the one that reports are posted
 * to, as the log shows it.
 *
 * @param plain machines that an address without TLS may be on
 */
export function readEndpoint(value: unknown, plain: 'anywhere' | 'this machine' = 'this machine'): Endpoint {
  const text = typeof value === 'string' ? value.trim() : ''
  // The standard removes some of these characters inside an address: the address used would differ from the one seen.
  const url = !/[\s\p{C}]/u.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    return {
      url: undefined,
      problem: "is not an http or https address; give the gateway's, such as 'https://usage.acme.example'",
    }
  }
  if (url.username || url.password)
    return {
      url: undefined,
      problem: 'holds a user name or a password; leave them out, they would stand in every log',
    }
  if (url.search || url.hash)
    return { url: undefined, problem: 'has a query or a fragment; give the base address alone' }
  if (plain === 'this machine' && leavesUnencrypted(url.href))
    return {
      url: undefined,
      problem: `sends reports unencrypted to another machine; use https://${url.host}`,
    }
  return { problem: undefined, url: `${url.origin}${basePathOf(url)}` }
}

/** Returns `true` if what is sent to an address leaves this machine without TLS. */
export function leavesUnencrypted(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint)
  return protocol === 'http:' && !isLoopback(hostname)
}

/** Returns the address that reports are posted to, for the address of a receiver. */
export function metricsUrl(endpoint: string): string {
  const url = new URL(endpoint)
  return `${url.origin}${basePathOf(url)}${METRICS}`
}

const METRICS = '/v1/metrics'

/** Returns a path without slashes and paths of reports at its end, however often, so that the base of a base is the same. */
function basePathOf({ pathname }: { readonly pathname: string }): string {
  let base = pathname
  for (;;) {
    if (base.endsWith('/')) base = base.slice(0, -1)
    else if (base.endsWith(METRICS)) base = base.slice(0, -METRICS.length)
    else return base
  }
}

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host)
