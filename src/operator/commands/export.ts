import { open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { ExportDocument } from '../../library/telemetry/index.ts'
import { Date, errorOf, randomWord } from '../../platform/index.ts'
import { type ExportFile, exportFileOf } from '../operations/index.ts'
import { type Answer, CommandFailure, type Context, EXIT } from './context.ts'

/** `export`: the reports that wait and one of now in a file, with a checksum beside it, for somebody to carry to the receiver. */
export async function exportReports(
  { usage, terminal, clock }: Context,
  { out }: { readonly out?: string },
): Promise<Answer> {
  const { product } = await usage.status()
  let saved: (ExportFile & { readonly file: string }) | undefined
  let failure: unknown
  const { document, outcome, reason, reportId } = await usage.export(async (made) => {
    const at = new Date(clock.now()).toISOString()
    const about = exportFileOf(made, product, at, out === undefined ? undefined : path.basename(out))
    const file = path.resolve(out ?? about.name)
    try {
      await save(file, made, about)
    } catch (error) {
      failure = error
      throw error
    }
    saved = { ...about, file }
  })
  if (failure !== undefined)
    throw new CommandFailure(`${messageOf(failure)} The reports wait as before.`, EXIT.failed)
  if (!document || !saved)
    return {
      json: { outcome, reason, reportIds: [] },
      lines: terminal.wrap(`Nothing was exported: ${reason}.`, '  ', '').map(terminal.warn),
      code: EXIT.failed,
    }
  const { file, importCommand } = saved
  const count = document.reportIds.length
  const isWhole = outcome === 'exported' && document.reportIds.includes(reportId ?? '')
  return {
    json: {
      ...{ outcome: 'exported', reason, file, checksumFile: `${file}.sha256`, sha256: document.sha256 },
      ...{ size: document.bytes.length, reportIds: document.reportIds, importCommand, complete: isWhole },
    },
    lines: [
      terminal.good(`${count === 1 ? 'One report is' : `${count} reports are`} in ${file}.`),
      `SHA-256 ${document.sha256}, in ${path.basename(file)}.sha256 as well.`,
      'They count as delivered here: keep the file until it is imported. On a machine that reaches the receiver:',
      '',
      `  sha256sum --check ${path.basename(file)}.sha256`,
      `  ${importCommand}`,
      ...(isWhole ? [] : ['', ...terminal.wrap(`! ${reason}.`, '  ', '').map(terminal.warn)]),
    ],
  }
}

/** Writes the file and its checksum to the disk. An existing file is never replaced: it may hold reports that nobody else has. */
async function save(file: string, { bytes }: ExportDocument, { checksum }: ExportFile): Promise<void> {
  const reserved = await open(file, 'wx', 0o600)
  await reserved.close()
  const temporary = `${file}.${randomWord()}.tmp`
  try {
    await writeSynced(`${file}.sha256`, checksum)
    await writeSynced(temporary, bytes)
    await rename(temporary, file)
    await syncFolder(path.dirname(file))
  } catch (error) {
    for (const left of [temporary, file, `${file}.sha256`]) await rm(left, { force: true }).catch(() => {})
    throw error
  }
}

async function writeSynced(file: string, data: string | Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(data)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes the name of the file outlive a loss of power. Some file systems cannot. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    await handle.sync().finally(() => handle.close())
  } catch {
    // Windows, some network file systems.
  }
}

function messageOf(error: unknown): string {
  const { code, message, path: file } = errorOf(error) as NodeJS.ErrnoException
  if (code === 'EEXIST') return `${file} exists, and is not replaced; name another file with --out.`
  return `The file could not be written (${code ?? message}); name another one with --out.`
}
