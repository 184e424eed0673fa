import { statSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { errorMessage, GatewayError, GatewayOptionsError } from '../package/index.ts'
import { INDEX } from './site.ts'

/**
 * Writes a site into a folder. All files are first written beside the ones that are there, so that a full disk or a missing right leaves
 * those as they are; then each is put in its place at once, the list of all files last. Files that an earlier run has written and this one
 * has not are removed. Other people's files stay.
 *
 * @throws {GatewayOptionsError} if a file is in the way that `publish` has not written.
 * @throws {GatewayError} if the files cannot be written.
 */
export async function writeSite(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  const before = await writtenBefore(folder)
  const inTheWay = [...files.keys()].filter((file) => {
    const found = statSync(path.join(folder, file), { throwIfNoEntry: false })
    return found !== undefined && !(found.isFile() && before.has(file))
  })
  if (inTheWay.length > 0)
    throw new GatewayOptionsError(
      `'${path.join(folder, inTheWay[0] as string)}'${inTheWay.length > 1 ? ` and ${inTheWay.length - 1} more files` : ''} exist and were not written by publish. Nothing was written; choose another folder with --out, or remove them.`,
    )
  let staging: string | undefined
  try {
    await mkdir(folder, { recursive: true })
    staging = await mkdtemp(path.join(folder, '.publish-'))
    for (const [file, content] of files) {
      await mkdir(path.join(staging, path.dirname(file)), { recursive: true })
      await mkdir(path.join(folder, path.dirname(file)), { recursive: true })
      await writeFile(path.join(staging, file), content)
    }
    for (const file of [...files.keys()].filter((file) => file !== INDEX).concat(INDEX)) {
      await rename(path.join(staging, file), path.join(folder, file))
    }
    for (const file of before) if (!files.has(file)) await remove(folder, file)
  } catch (error) {
    throw new GatewayError(`The report could not be written into '${folder}': ${errorMessage(error)}.`, {
      cause: error,
    })
  } finally {
    if (staging !== undefined) await rm(staging, { recursive: true, force: true }).catch(() => {})
  }
}

/** Path of a file as a report has it. A list that somebody else has written leads to no other file. */
const FILE = /^(?:[a-z0-9][a-z0-9-]*\/)?[a-z0-9][a-z0-9-]*\.(?:html|json|csv|svg)$/

async function writtenBefore(folder: string): Promise<ReadonlySet<string>> {
  try {
    const { format, files } = JSON.parse(await readFile(path.join(folder, INDEX), 'utf8'))
    if (!/^otel-usage\/community-report\/\d+$/.test(format) || !Array.isArray(files)) return new Set()
    return new Set([INDEX, ...files.filter((file) => typeof file === 'string' && FILE.test(file))])
  } catch {
    // No report was written here.
    return new Set()
  }
}

async function remove(folder: string, file: string): Promise<void> {
  await rm(path.join(folder, file), { force: true })
  const directory = path.dirname(file)
  // Stays if there is something else in it.
  if (directory !== '.') await rmdir(path.join(folder, directory)).catch(() => {})
}
