import { URL } from '../../platform/index.ts'

/** An answer that says that the receiver is somewhere else. */
export const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

/** How many redirects one attempt follows. */
const MOST_REDIRECTS = 5

/**
 * Where a redirect takes a report: the next address, or in words why it goes no further. Only 307 and 308 leave the request what it is
 * (RFC 9110, 15.4); 301, 302 and 303 make a GET of it, and are what a captive portal answers. It stays with the host that
 * the operator knows: a receiver may not choose who else gets it. Within that host it goes to another port or protocol only where
 * nobody can listen in.
 *
 * @param visited the addresses of this attempt so far; the last one has given the answer
 */
export function redirectOf(
  status: number,
  location: string | undefined,
  visited: readonly URL[],
): URL | string {
  const from = visited.at(-1) as URL
  const says = `the receiver answered with status ${status}`
  if (location === undefined || !URL.canParse(location, from.href))
    return `${says} and does not say where to go`
  const to = new URL(location, from)
  const pointsTo = `${says} and points to ${originOf(to)}`
  if (status !== 307 && status !== 308) return `${pointsTo}, which does not get the report`
  if (to.username || to.password) return `${pointsTo} with a user name or a password, which is not followed`
  if (to.hostname !== from.hostname) return `${pointsTo}, which is not followed: it is another host`
  if (to.protocol !== 'https:' && to.origin !== from.origin)
    return `${pointsTo}, which is not followed: it is without TLS`
  if (visited.some(({ href }) => href === withoutFragment(to).href))
    return `${pointsTo}, where it has been before`
  if (visited.length > MOST_REDIRECTS) return `${pointsTo}, which is one redirect too many`
  return withoutFragment(to)
}

const originOf = ({ protocol, host }: URL) => `${protocol}//${host}`

/** An address as the log shows it. The receiver has chosen it: without its query, and not longer than anybody reads. */
export const shown = ({ origin, pathname }: URL): string =>
  `${origin}${pathname.length > LONGEST_PATH ? `${pathname.slice(0, LONGEST_PATH)}…` : pathname}`

const LONGEST_PATH = 100

/** What is sent to a server has no fragment. */
function withoutFragment(url: URL): URL {
  const sent = new URL(url)
  sent.hash = ''
  return sent
}
