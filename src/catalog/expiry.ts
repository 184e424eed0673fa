import { Date } from '../platform/index.ts'
import type { Fact } from './types.ts'

/** Time and product version that an expiry is compared with. */
export interface Moment {
  /** Time in milliseconds since 1970. */
  readonly at: number
  readonly productVersion: string
}

/** Returns `true` when a fact has expired. An expired fact is not collected. */
export function isExpired({ expires }: Fact, { at, productVersion }: Moment): boolean {
  if (expires === undefined) return false
  const day = dayOf(expires)
  return day === undefined ? reaches(productVersion, expires) : at >= day
}

/** Returns `true` when an expiry is a valid day or version. */
export const isExpiry = (expires: unknown): boolean =>
  typeof expires === 'string' && (dayOf(expires) !== undefined || VERSION.test(expires))

const VERSION = /^\d+(\.\d+){0,2}$/

/** Returns the beginning of the day (UTC) in milliseconds since 1970; `undefined` when the text is not a day. */
function dayOf(expires: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(expires)) return undefined
  const day = Date.parse(`${expires}T00:00:00Z`)
  return Number.isNaN(day) ? undefined : day
}

/** Compares the numbers of two versions. A pre-release counts as its version: a fact that expires with 3.0 has expired in 3.0.0-rc.1. */
function reaches(version: string, limit: string): boolean {
  const [have, want] = [version, limit].map((one) =>
    one.replace(/^v/, '').split(/[.+-]/).slice(0, 3).map(Number),
  )
  for (let part = 0; part < 3; part++) {
    const difference = (have?.[part] || 0) - (want?.[part] || 0)
    if (difference !== 0) return difference > 0
  }
  return true
}
