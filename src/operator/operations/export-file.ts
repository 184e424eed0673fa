import type { ExportDocument } from '../../library/delivery/index.ts'

/** File with exported reports, for somebody to carry to the receiver. */
export interface ExportFile {
  /** Name of the file, without a folder: `acme-db-usage-2026-11-27-3f2a91c0.json`. */
  readonly name: string
  /** Line of the checksum file beside it, as `sha256sum --check` reads it. */
  readonly checksum: string
  /** Command that imports it at the receiver, in the folder of the file. */
  readonly importCommand: string
}

/** Returns the file for a document. Each document has another name. */
export function exportFileOf(
  { sha256, endpoint }: ExportDocument,
  product: { readonly name: string },
  at: string,
  name: string = `${product.name}-usage-${at.slice(0, 10)}-${sha256.slice(0, 8)}.json`,
): ExportFile {
  return {
    name,
    checksum: `${sha256}  ${name}\n`,
    importCommand: `curl --fail-with-body -H 'content-type: application/json' --data-binary @${quoted(name)} ${quoted(endpoint)}`,
  }
}

/** Quotes a word for a POSIX shell where it needs that. */
const quoted = (word: string) => (/^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
