/**
 * The pattern of the only versions that packs report: one to three numbers. Four would be an IPv4 address, letters could be
 * a name.
 */
export const NUMERIC_VERSION = '\\d{1,4}(?:\\.\\d{1,5}){0,2}'

const WHOLE = new RegExp(`^${NUMERIC_VERSION}$`)

/** The value where it is one to three numbers and nothing else. */
export const numericVersion = (value: string | undefined): string | undefined =>
  value !== undefined && WHOLE.test(value) ? value : undefined

/**
 * The numbers that a kernel's release begins with. What follows them is chosen by whoever built the kernel, and may be their
 * name and that of their machine (`6.1.0-alice@buildbox`): it is never looked at, but for Microsoft's own mark behind the
 * fourth number of the kernels of WSL.
 */
export function kernelVersion(release: string): string | undefined {
  const numbers = /^(\d{1,2}(?:\.\d{1,5}){1,2})(?:\.\d+(?=-microsoft-))?(?=[-+_~]|$)/.exec(release)
  return numbers?.[1]
}
