import { readFile } from 'node:fs/promises'
import type { Environment } from '../../../platform/index.ts'
import { collectorConfigFile, GatewayOptionsError } from '../../package/index.ts'

/** Required SHA-256 checksums of releases, known before anything is downloaded. */
export interface Pins {
  /** Checksum from the variable {@link RELEASE_SHA256}; no other program is run then. */
  readonly given: string | undefined
  /** Checksums by the name of the archive. */
  readonly known: ReadonlyMap<string, string>
}

export const RELEASE_SHA256 = 'OTELCOL_RELEASE_SHA256'

/**
 * Reads the checksums that ship with this package, in the format of `sha256sum`, and the one in the variable.
 *
 * @throws {GatewayOptionsError} if the variable is not a SHA-256 checksum.
 */
export async function readPins(
  environment: Environment,
  file = collectorConfigFile('otelcol-contrib.sha256'),
): Promise<Pins> {
  const given = environment[RELEASE_SHA256]?.trim().toLowerCase() || undefined
  if (given !== undefined && !SHA256.test(given)) {
    throw new GatewayOptionsError(
      `${RELEASE_SHA256} is '${environment[RELEASE_SHA256]}', which is not a SHA-256 checksum; write its 64 hexadecimal digits.`,
    )
  }
  return { given, known: parseChecksums(await readFile(file, 'utf8')) }
}

/** Parses lines of `sha256sum`: checksum, spaces, name. Ignores other lines. */
export function parseChecksums(text: string): ReadonlyMap<string, string> {
  const checksums = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [checksum = '', name] = line.trim().split(/\s+\*?/)
    if (name !== undefined && SHA256.test(checksum)) checksums.set(name, checksum)
  }
  return checksums
}

const SHA256 = /^[0-9a-f]{64}$/
