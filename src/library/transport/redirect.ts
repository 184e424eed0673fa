import { ownOf, URL } from '../../platform/index.ts'

/** Returns whether a status is a redirect to another address. */
export const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

/** Largest number of redirects that one attempt follows. */
const MAX_REDIRECTS = 5

export interface RedirectOptions {
  /** Server, as messages name it. Default: the receiver. */
  readonly server?: string
  /** `true` for a GET, which every redirect leaves a GET. Default: a report is posted. */
  readonly isGet?: boolean
  /** Hosts that a redirect may lead to, beside the one that sends it. Default: none. */
  readonly hosts?: readonly string[]
}

/**
 * Returns the address that a redirect leads to, or the reason in words why the redirect is not followed. Only 307 and 308 keep the
 * request's method and body (RFC 9110, 15.4); 301, 302 and 303 turn it into a GET, and are typical of a captive portal. The report
 * stays with the host that the operator knows: a receiver may not choose who else gets it. On that host, the port or protocol may
 * change only if the new address uses TLS.
 *
 * @param visited the addresses of this attempt so far; the last one sent the redirect
 */
export function redirectOf(
  status: number,
  location: string | undefined,
  visited: readonly URL[],
  { server = 'the receiver', isGet = false, hosts = [] }: RedirectOptions = ownOf({}),
): URL | string {
  const from = visited.at(-1) as URL
  const says = `${server} answered with status ${status}`
  if (location === undefined || !URL.canParse(location, from.href))
    return `${says} and does not say where to go`
  const to = new URL(location, from)
  const pointsTo = `${says} and points to ${originOf(to)}`
  if (!isGet && status !== 307 && status !== 308) return `${pointsTo}, which does not get the report`
  if (to.username || to.password) return `${pointsTo} with a user name or a password, which is not followed`
  if (to.hostname !== from.hostname && !hosts.includes(to.hostname))
    return `${pointsTo}, which is not followed: it is another host`
  if (to.protocol !== 'https:' && to.origin !== from.origin)
    return `${pointsTo}, which is not followed: it is without TLS`
  if (visited.some(({ href }) => href === withoutFragment(to).href))
    return `${pointsTo}, where it has been before`
  if (visited.length > MAX_REDIRECTS) return `${pointsTo}, which is one redirect too many`
  return withoutFragment(to)
}

const originOf = ({ protocol, host }: URL) => `${protocol}//${host}`

/** Returns an address as the log shows it: without query, and with a path of at most 100 characters, as the receiver chose it. */
export const addressForMessage = ({ origin, pathname }: URL): string =>
  `${origin}${pathname.length > MAX_PATH_LENGTH ? `${pathname.slice(0, MAX_PATH_LENGTH)}…` : pathname}`

const MAX_PATH_LENGTH = 100

/** Returns a copy of an address without its fragment, which is never sent to a server. */
function withoutFragment(url: URL): URL {
  const sent = new URL(url)
  sent.hash = ''
  return sent
}
