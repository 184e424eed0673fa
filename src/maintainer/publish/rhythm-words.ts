import type { ProductDescription } from '../../library/telemetry/index.ts'

/** Times of a product's reports, in milliseconds. */
export interface Rhythm {
  readonly interval: number
  readonly initialDelay: number
  readonly undecidedDelay: number
  /** Begin of the delays: the first start of an installation, or each start. */
  readonly delayFrom: 'installation' | 'start'
  /** A denser beginning. Default: none. */
  readonly firstPhase?: { readonly count: number; readonly interval: number } | undefined
}

type Described = Pick<ProductDescription, 'consent' | 'schedule'> & { readonly rhythm: Rhythm }

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** Returns a span of whole seconds in words: `5 minutes`, `1 day 12 hours`. */
function spanInWords(milliseconds: number): string {
  let rest = Math.round(milliseconds / 1_000) * 1_000
  const parts = UNITS.flatMap(([name, size]) => {
    const count = Math.floor(rest / size)
    rest -= count * size
    return count === 0 ? [] : [`${count} ${name}${count === 1 ? '' : 's'}`]
  })
  return parts.join(' ') || 'no time'
}

/** Returns how often a report is made: `once a day`, `every 12 hours`. */
function oftenInWords(interval: number): string {
  const unit = UNITS.find(([, size]) => size === interval)?.[0]
  if (unit !== undefined) return `once ${unit === 'hour' ? 'an' : 'a'} ${unit}`
  return `every ${spanInWords(interval)}`
}

/** Returns the rhythm of the reports, with a denser beginning if there is one. */
export function everyInWords({ rhythm: { interval, firstPhase } }: Described): string {
  if (firstPhase === undefined) return oftenInWords(interval)
  return `${oftenInWords(firstPhase.interval)} for the first ${firstPhase.count}, then ${oftenInWords(interval)}`
}

/** Returns when the reports after the first one are made. */
export function timesInWords(product: Described): string {
  const times =
    product.schedule?.phase === 'start'
      ? 'counted from the first report'
      : 'at a time that each installation draws at random'
  return `${everyInWords(product)}, ${times}`
}

/** Returns what the product does until somebody decides. */
export function defaultInWords({ consent, rhythm }: Described): string {
  switch (consent?.default ?? 'undecided') {
    case 'enabled':
      return 'on, until somebody says no'
    case 'disabled':
      return 'off, until somebody says yes'
    case 'undecided':
      return `nothing is sent for ${spanInWords(rhythm.undecidedDelay)}${rhythm.delayFrom === 'start' ? ' after each start' : ''}, so that somebody can say no; then it is on`
  }
}

/** Returns when the first report is sent. */
export function delaysInWords({ consent, rhythm }: Described): string {
  const decision = consent?.default ?? 'undecided'
  const soon = rhythm.initialDelay === 0
  const first = `${soon ? 'right' : spanInWords(rhythm.initialDelay)} after`
  if (decision === 'disabled') return `${first} a start, once somebody has said yes`
  const start = rhythm.delayFrom === 'start' ? 'each start' : 'the first start'
  if (decision === 'enabled') return `${first} ${start}`
  return `made ${first} ${start}, and sent not before ${spanInWords(rhythm.undecidedDelay)} after it`
}
