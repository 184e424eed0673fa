import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'

/**
 * Number of days that the archive holds, today included. Reports that were erased in the store stay in it at most that long. The hashes of
 * those who asked for it lie beside it for longer: store/forgotten-file.ts.
 */
export const ARCHIVE_DAYS = 30

/** Deletes archive files that are older, by the names that archive.yaml gives them. Other files stay. */
export async function pruneArchive(gatewayDirectory: string, now: number): Promise<void> {
  const archive = path.join(gatewayDirectory, 'archive')
  const oldest = new Date(now - (ARCHIVE_DAYS - 1) * 86_400_000).toISOString().slice(0, 10)
  const files = await readdir(archive).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  for (const file of files) {
    if (/^\d{4}-\d{2}-\d{2}(-[12])?\.jsonl$/.test(file) && file.slice(0, 10) < oldest)
      await rm(path.join(archive, file))
  }
}
