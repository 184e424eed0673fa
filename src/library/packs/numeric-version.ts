/**
 * Pattern of the versions that packs report: one to three numbers. Four numbers could be an IPv4 address, and letters could be a name.
 */
export const NUMERIC_VERSION = '\\d{1,4}(?:\\.\\d{1,5}){0,2}'

const WHOLE = new RegExp(`^${NUMERIC_VERSION}$`)

/** Returns the value if it is one to three numbers and nothing else; otherwise `undefined`. */
export const numericVersion = (value: string | undefined): string | undefined =>
  value !== undefined && WHOLE.test(value) ? value : undefined

/**
 * Returns the numbers at the beginning of a kernel release. The person who built the kernel chooses the rest, which may contain their name
 * and the name of their machine (`6.1.0-alice@buildbox`). So the rest is ignored, except for Microsoft's suffix after the fourth number of
 * a WSL kernel.
 */
export function kernelVersion(release: string): string | undefined {
  const numbers = /^(\d{1,2}(?:\.\d{1,5}){1,2})(?:\.\d+(?=-microsoft-))?(?=[-+_~]|$)/.exec(release)
  return numbers?.[1]
}
