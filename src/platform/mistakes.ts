/** Mistake in the maintainer's configuration: its place, the problem and the fix. */
export interface Mistake {
  /** Place of the mistake as in code, such as `facts['acme.users'].why`. */
  readonly place: string
  /** End of a sentence that begins with the place; it names the value and the fix. */
  readonly message: string
}

/**
 * Invalid catalog or options of the maintainer. Lists every mistake at once. Functions that take options, such as `defineCatalog` and
 * `createUsageTelemetry`, throw it before anything is started.
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

/** Returns a short description of a value for an error message; a text in quotes, of at most 60 characters. */
export function whatWasGot(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}
