import { createRequire } from 'node:module'
import { MissingPackageError } from './errors.ts'

/** The optional peers of this package that reach ClickHouse and bring it. */
export const STORE_CLIENT = '@clickhouse/client'
export const STORE_ENGINE = ['chdb', 'ffi-rs'] as const

/** Those of the packages that are not installed. */
export function missingPackages(names: readonly string[]): string[] {
  const require = createRequire(import.meta.url)
  return names.filter((name) => {
    try {
      require.resolve(name)
      return false
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND'
    }
  })
}

/** The one command that brings packages, for the end of a message. */
export const installCommand = (names: readonly string[]) => `npm install ${names.join(' ')}`

/**
 * Looks for packages before they are needed.
 *
 * @throws {MissingPackageError} that names all that are missing, and one command that brings them.
 */
export function requirePackages(names: readonly string[]): void {
  const missing = missingPackages(names)
  if (missing.length > 0) throw missingPackageError(missing)
}

export function missingPackageError(missing: readonly string[], cause?: unknown): MissingPackageError {
  const [subject, verb] = missing.length === 1 ? ['The package', 'is'] : ['The packages', 'are']
  return new MissingPackageError(
    `${subject} ${missing.join(', ')} ${verb} not installed; \`${installCommand(missing)}\` beside otel-usage.`,
    cause === undefined ? undefined : { cause },
  )
}
