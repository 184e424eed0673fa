import { readFile } from 'node:fs/promises'
import type { Environment } from '../../../platform/index.ts'
import { collectorConfigFile, GatewayOptionsError } from '../../package/index.ts'

/** The SHA-256 checksums that a release's archive has to have, known before anything is downloaded. */
export interface Pins {
  /** From the variable {@link RELEASE_SHA256}: nothing else is run then. */
  readonly given: string | undefined
  /** By the name of the archive. */
  readonly known: ReadonlyMap<string, string>
}

export const RELEASE_SHA256 = 'OTELCOL_RELEASE_SHA256'

/**
 * Reads the checksums that came with this package, in the format of `sha256sum`, and the one that was given.
 *
 * @throws {GatewayOptionsError} when the one that was given is no SHA-256 checksum.
 */
export async function readPins(
  environment: Environment,
  file = collectorConfigFile('otelcol-contrib.sha256'),
): Promise<Pins> {
  const given = environment[RELEASE_SHA256]?.trim().toLowerCase() || undefined
  if (given !== undefined && !SHA256.test(given)) {
    throw new GatewayOptionsError(
      `${RELEASE_SHA256} is '${environment[RELEASE_SHA256]}', which is no SHA-256 checksum; write its 64 hexadecimal digits.`,
    )
  }
  return { given, known: parseChecksums(await readFile(file, 'utf8')) }
}

/** Lines of `sha256sum`: the checksum, blanks, the name. Other lines say nothing. */
export function parseChecksums(text: string): ReadonlyMap<string, string> {
  const checksums = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [checksum = '', name] = line.trim().split(/\s+\*?/)
    if (name !== undefined && SHA256.test(checksum)) checksums.set(name, checksum)
  }
  return checksums
}

const SHA256 = /^[0-9a-f]{64}$/
