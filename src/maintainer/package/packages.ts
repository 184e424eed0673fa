import { createRequire } from 'node:module'
import { MissingPackageError } from './errors.ts'

/** Optional peer dependencies: the client of ClickHouse, and the packages that contain ClickHouse. */
export const STORE_CLIENT = '@clickhouse/client'
export const STORE_ENGINE = ['chdb', 'ffi-rs'] as const

/** Returns those of the packages that are not installed. */
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

/** Returns the command that installs packages, for the end of a message. */
const installCommand = (names: readonly string[]) => `npm install ${names.join(' ')}`

/**
 * Checks that packages are installed, before they are needed.
 *
 * @throws {MissingPackageError} that names all missing packages, and the command that installs them.
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
