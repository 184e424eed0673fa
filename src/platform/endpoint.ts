import { URL } from './natives.ts'

/** Normalized address of a receiver, or the reason why reports cannot be sent to it. */
export type Endpoint =
  | { readonly url: string; readonly problem: undefined }
  /** The end of a sentence. */
  | { readonly url: undefined; readonly problem: string }

/**
 * Parses the base address of a receiver by the URL Standard, without surrounding spaces. An address without TLS must be on this
 * machine.
 */
export function readEndpoint(value: unknown): Endpoint {
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
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return {
      url: undefined,
      problem: `sends reports unencrypted to another machine; use https://${url.host}`,
    }
  return { problem: undefined, url: `${url.origin}${url.pathname.replace(/\/+$/, '')}` }
}

/** Returns the address that reports are posted to, below the base address of a receiver. */
export const metricsUrl = (endpoint: string): string => `${endpoint.replace(/\/+$/, '')}/v1/metrics`

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host)
