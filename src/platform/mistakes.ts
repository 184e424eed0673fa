/** One thing that the maintainer has to mend: where it is, what is wrong, what would be right. */
export interface Mistake {
  /** The place as one would write it in code, such as `facts['acme.users'].why`. */
  readonly place: string
  /** A sentence that names the value and the fix. */
  readonly message: string
}

/**
 * The maintainer's catalog or options cannot work. It lists every mistake at once, and is thrown by what takes them, such as
 * `defineCatalog` and `createUsageTelemetry`, before anything is started.
 *
 * As with every error of this package, recognize it by its `code`: each door (`otel-usage`, `otel-usage/postgres`, ...) is a bundle
 * with a class of its own.
 */
export class UsageConfigurationError extends TypeError {
  override readonly name = 'UsageConfigurationError'
  readonly code = 'ERR_USAGE_CONFIGURATION'
  readonly mistakes: readonly Mistake[]

  constructor(subject: string, mistakes: readonly Mistake[]) {
    const count = mistakes.length === 1 ? 'one mistake' : `${mistakes.length} mistakes`
    super(
      [`${subject} has ${count}:`, ...mistakes.map(({ place, message }) => `  - ${place}: ${message}`)].join(
        '\n',
      ),
    )
    this.mistakes = mistakes
  }
}

/** A value as an error message shows it: quoted, short, without surprises. */
export function whatWasGot(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}
