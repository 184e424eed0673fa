import { TextDecoder, type URL } from '../../platform/index.ts'
import type { PackHost } from './pack-host.ts'

/** Default size limit of a file, in bytes. The files that packs read have a few hundred bytes. */
const LONGEST = 64 * 1_024

/** Resolves to the text of a small file; to `undefined` if it is absent, unreadable, longer than `longest`, or no text. Never rejects. */
export async function readText(
  host: Pick<PackHost, 'readFile'>,
  file: string | URL,
  longest = LONGEST,
): Promise<string | undefined> {
  try {
    const bytes = await host.readFile(file, longest + 1)
    // A truncated file could mean the opposite of the whole file.
    if (bytes.length > longest || bytes.includes(0)) return undefined
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
