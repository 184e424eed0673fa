import { TextDecoder, type URL } from '../../platform/index.ts'
import type { PackHost } from './pack-host.ts'

/** The longest file that is read, in bytes. Those that packs look at are a few hundred bytes long. */
const LONGEST = 64 * 1_024

/** The text of a small file; `undefined` where it is absent, unreadable, longer than `longest`, or no text. Never rejects. */
export async function readText(
  host: Pick<PackHost, 'readFile'>,
  file: string | URL,
  longest = LONGEST,
): Promise<string | undefined> {
  try {
    const bytes = await host.readFile(file, longest + 1)
    // Half a file could say the opposite of the whole.
    if (bytes.length > longest || bytes.includes(0)) return undefined
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
