/** Checks of a request before anything of it is used, and headers of every answer. */
import { TextDecoder, URL } from '../../platform/index.ts'
import { Refusal } from './problem.ts'

/** Longest address, path and query, in characters. */
const MAX_ADDRESS_LENGTH = 2_048

/** Largest body, in bytes. */
const MAX_BODY_BYTES = 16_384

/** Headers of every answer: it is for this page and for nobody else, and it is not kept. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store, no-transform',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/**
 * Refuses a request with a host name that the product does not know. A foreign site could have its own name point to this machine, and
 * its scripts could then read and write as if they were ours (DNS rebinding). An address and `localhost` cannot be taken over like that.
 *
 * @throws {Refusal} with the status 421
 */
export function checkHost(request: Request, hosts: ReadonlySet<string>): void {
  const { host, name } = hostOf(request)
  if (isSafeName(name) || hosts.has(name) || hosts.has('*')) return
  throw new Refusal(
    'unknown-host',
    `'${host.slice(0, 100)}' is not a name that this product knows as its own. Open it by its address, or have the product list the name ` +
      "in the option 'hosts' of createAdminHandler.",
  )
}

/**
 * Refuses a request that a page of another site has caused (CSRF), by the headers that only browsers set. A navigation may come from
 * another site: a link to the page.
 *
 * @throws {Refusal} with the status 403
 */
export function checkSite(request: Request, hosts: ReadonlySet<string>): void {
  const { headers, method } = request
  const site = headers.get('sec-fetch-site')
  const isNavigation =
    ['GET', 'HEAD'].includes(method) &&
    headers.get('sec-fetch-mode') === 'navigate' &&
    headers.get('sec-fetch-dest') === 'document'
  const origin = headers.get('origin')
  const isOwn = [null, 'same-origin', 'none'].includes(site) || isNavigation
  if (isOwn && (origin === null || isOwnOrigin(origin, request, hosts))) return
  throw new Refusal(
    'foreign-site',
    `A page of ${origin === null ? 'another site' : `'${origin.slice(0, 100)}'`} has sent this request, and only the page of this product may. ` +
      "If a proxy in front of the product changes the header Host, have it pass that on, or list the name in the option 'hosts'.",
  )
}

/** @throws {Refusal} with the status 414 */
export function checkAddress({ url }: Request): void {
  const { pathname, search } = new URL(url)
  if (pathname.length + search.length > MAX_ADDRESS_LENGTH)
    throw new Refusal(
      'address-too-long',
      `Path and query have more than ${MAX_ADDRESS_LENGTH} characters. Nothing here needs that many.`,
    )
}

/**
 * Returns the parsed body. Requires its type: a form of another site cannot send JSON.
 *
 * @throws {Refusal} with the status 400, 413 or 415
 */
export async function jsonOf(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json')
    throw new Refusal('not-json', 'Send JSON, with the header Content-Type: application/json.')
  const text = await textOf(request)
  try {
    return JSON.parse(text)
  } catch {
    throw new Refusal('invalid', 'The body is not JSON. Send an object, such as {}.')
  }
}

async function textOf({ body, headers }: Request): Promise<string> {
  const decoder = new TextDecoder()
  let [text, length] = ['', Number(headers.get('content-length') ?? 0)]
  if (length <= MAX_BODY_BYTES) {
    length = 0
    const reader = body?.getReader()
    for (;;) {
      const { value } = (await reader?.read().catch(brokenOff)) ?? {}
      if (!value) return text + decoder.decode()
      length += value.length
      if (length > MAX_BODY_BYTES) break
      text += decoder.decode(value, { stream: true })
    }
    void reader?.cancel().catch(() => {})
  }
  throw new Refusal(
    'too-large',
    `The body has more than ${MAX_BODY_BYTES} bytes. Nothing here needs that many.`,
    {},
    // What is left of the body is not read.
    { connection: 'close' },
  )
}

function brokenOff(): never {
  throw new Refusal('invalid', 'The body broke off before its end. Send it again.')
}

/** Returns the host that a request is meant for, with its port, and its name alone. */
function hostOf(request: Request): { readonly host: string; readonly name: string } {
  const { host: inAddress } = new URL(request.url)
  const host = request.headers.get('host') ?? inAddress
  return { host, name: nameIn(`http://${host}`) }
}

/** Returns the host name in an address, in lower case; an empty text if the address is not valid. */
function nameIn(address: string): string {
  const url = URL.parse(address)
  return url?.pathname === '/' && !url.username ? url.hostname.replace(/\.$/, '') : ''
}

/** Returns whether a name cannot be made to point here by somebody else. */
const isSafeName = (name: string): boolean =>
  name === 'localhost' ||
  name.endsWith('.localhost') ||
  name.startsWith('[') ||
  /^\d+(?:\.\d+){3}$/.test(name)

function isOwnOrigin(origin: string, request: Request, hosts: ReadonlySet<string>): boolean {
  const url = URL.parse(origin)
  if (!url || !['http:', 'https:'].includes(url.protocol)) return false
  // A browser leaves out the port that is usual for the protocol, and a client may not.
  const asked = URL.parse(`${url.protocol}//${hostOf(request).host}`)
  return url.host === asked?.host || hosts.has(url.hostname)
}
