import { URL } from './natives.ts'

/** An address that reports can go to, in the one form in which it is used from here on, or why they cannot. */
export type Endpoint =
  | { readonly url: string; readonly problem: undefined }
  /** The end of a sentence. */
  | { readonly url: undefined; readonly problem: string }

/**
 * Reads the base address of a receiver: spaces around it do not count, and what follows is by the URL Standard. Without TLS only this
 * machine is an address.
 */
export function readEndpoint(value: unknown): Endpoint {
  const text = typeof value === 'string' ? value.trim() : ''
  // Inside of an address, the standard leaves some of these out, and what was seen is not what is used.
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

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host)
