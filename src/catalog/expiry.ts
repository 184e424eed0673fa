import { Date } from '../platform/index.ts'
import type { Fact } from './types.ts'

/** What an expiry is held against. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly productVersion: string
}

/** Whether a fact is past its expiry, and not collected any more. */
export function isExpired({ expires }: Fact, { at, productVersion }: Moment): boolean {
  if (expires === undefined) return false
  const day = dayOf(expires)
  return day === undefined ? reaches(productVersion, expires) : at >= day
}

/** Whether an expiry is a day or a version. */
export const isExpiry = (expires: unknown): boolean =>
  typeof expires === 'string' && (dayOf(expires) !== undefined || VERSION.test(expires))

const VERSION = /^\d+(\.\d+){0,2}$/

/** The beginning of the day, in milliseconds since 1970. */
function dayOf(expires: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(expires)) return undefined
  const day = Date.parse(`${expires}T00:00:00Z`)
  return Number.isNaN(day) ? undefined : day
}

/** By the numbers of the versions. A pre-release of a version is of that version: what expires with 3.0 is gone in 3.0.0-rc.1. */
function reaches(version: string, limit: string): boolean {
  const [have, want] = [version, limit].map((one) =>
    one.replace(/^v/, '').split(/[.+-]/).slice(0, 3).map(Number),
  )
  for (let place = 0; place < 3; place++) {
    const difference = (have?.[place] || 0) - (want?.[place] || 0)
    if (difference !== 0) return difference > 0
  }
  return true
}
