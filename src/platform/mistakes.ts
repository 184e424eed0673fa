/** Mistake in the maintainer's configuration: which option is wrong, why, and the fix. */
export interface Mistake {
  /** Path of the wrong option, written as in code: `facts['acme.users'].why`. */
  readonly path: string
  /** End of a sentence that begins with the path; it names the value and the fix. */
  readonly message: string
}

/**
 * Invalid catalog or options of the maintainer. Lists every mistake at once. Functions that take options, such as `defineCatalog` and
 * `createUsageTelemetry`, throw it before anything is started.
 *
 * As with every error of this package, recognize it by its `code`: each door (`otel-usage`, `otel-usage/postgres`, ...) is a bundle
 * with its own class.
 */
export class UsageConfigurationError extends TypeError {
  override readonly name = 'UsageConfigurationError'
  readonly code = 'ERR_USAGE_CONFIGURATION'
  readonly mistakes: readonly Mistake[]

  constructor(subject: string, mistakes: readonly Mistake[]) {
    const count = mistakes.length === 1 ? 'one mistake' : `${mistakes.length} mistakes`
    super(
      [`${subject} has ${count}:`, ...mistakes.map(({ path, message }) => `  - ${path}: ${message}`)].join(
        '\n',
      ),
    )
    this.mistakes = mistakes
  }
}

/** Returns a short description of a value for an error message; a text in quotes, of at most 60 characters. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}
