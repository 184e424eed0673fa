/** Dates, numbers and times as the reader's language has them. */

export interface Format {
  readonly locale: string
  /** `12 November`, with the year if it is another one. */
  day(at: string | number): string
  /** `Today 04:12`, `24 Nov 04:13`. */
  moment(at: string | number): string
  /** Returns a text of the product with its times, ISO 8601, as people write them. */
  times(text: string): string
  number(value: number): string
  /** `709 bytes`, `1.2 kB`. */
  size(bytes: number): string
  /** `3 h 12 min`, from milliseconds; `less than a minute` is the caller's. */
  duration(milliseconds: number): string
  list(items: readonly string[]): string
  plural(count: number): Intl.LDMLPluralRule
}

export function createFormat(locale: string, now: () => number = Date.now): Format {
  const numbers = new Intl.NumberFormat(locale)
  const plurals = new Intl.PluralRules(locale)
  const unit = (value: number, name: string, display: 'long' | 'short' = 'short') =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit: name,
      unitDisplay: display,
      maximumFractionDigits: 1,
    }).format(value)
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const format: Format = {
    locale,
    day(at) {
      const date = new Date(at)
      const isThisYear = date.getFullYear() === new Date(now()).getFullYear()
      return date.toLocaleDateString(locale, {
        day: 'numeric',
        month: 'long',
        ...(!isThisYear && { year: 'numeric' }),
      })
    },
    moment(at) {
      const date = new Date(at)
      const time = date.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' })
      const days = Math.round((midnight(now()) - midnight(date.getTime())) / 86_400_000)
      if (days === 0 || days === 1) return `${capital(relative.format(-days, 'day'), locale)} ${time}`
      const isThisYear = date.getFullYear() === new Date(now()).getFullYear()
      const day = date.toLocaleDateString(locale, {
        day: 'numeric',
        month: 'short',
        ...(!isThisYear && { year: 'numeric' }),
      })
      return `${day} ${time}`
    },
    times: (text) => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (time) => format.moment(time)),
    number: (value) => numbers.format(value),
    size: (bytes) => (bytes < 1_000 ? unit(bytes, 'byte', 'long') : unit(bytes / 1_000, 'kilobyte')),
    duration(milliseconds) {
      const minutes = Math.max(0, Math.round(milliseconds / 60_000))
      const [days, hours, rest] = [Math.floor(minutes / 1_440), Math.floor(minutes / 60) % 24, minutes % 60]
      const parts: ReadonlyArray<readonly [value: number, name: string]> =
        days > 0
          ? [
              [days, 'day'],
              [hours, 'hour'],
            ]
          : [
              [hours, 'hour'],
              [rest, 'minute'],
            ]
      return parts
        .filter(([value], index) => value > 0 || (index === 1 && parts[0]?.[0] === 0))
        .map(([value, name]) => unit(value, name, name === 'day' ? 'long' : 'short'))
        .join(' ')
    },
    list: (items) => new Intl.ListFormat(locale, { type: 'conjunction' }).format(items),
    plural: (count) => plurals.select(count),
  }
  return format
}

function midnight(at: number): number {
  const date = new Date(at)
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
}

const capital = (text: string, locale: string) => text.charAt(0).toLocaleUpperCase(locale) + text.slice(1)
