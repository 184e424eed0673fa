import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  collectorConfigFile,
  DirectoryUnusableError,
  errorMessage,
  GatewayOptionsError,
} from '../package/index.ts'

/**
 * Writes the files for deploying into a directory: the configuration, its overlays, and the files of `deploy/` in the package; or those of
 * `grafana/` only. Returns their names. Keeps an existing file with the same content.
 *
 * @throws {GatewayOptionsError} if files exist with other content; the message names them, and nothing is written.
 * @throws {DirectoryUnusableError} if the directory cannot be written.
 */
export async function writeDeployFiles(out: string, part?: 'grafana'): Promise<readonly string[]> {
  const root = path.join(path.dirname(collectorConfigFile('gateway.yaml')), part ?? '')
  const files = await Promise.all(
    (await sources(root)).map(async (source) => ({
      name: source.replace(/^deploy\//, ''),
      content: await readFile(path.join(root, source)),
    })),
  )
  try {
    const states = await Promise.all(files.map((file) => stateOf(path.join(out, file.name), file.content)))
    const changed = files.filter((_, index) => states[index] === 'differs').map(({ name }) => name)
    if (changed.length > 0) {
      throw new GatewayOptionsError(
        `In '${out}' there are other files of the same names: ${changed.join(', ')}. Nothing was written; choose another directory, and compare the files.`,
      )
    }
    for (const [index, { name, content }] of files.entries()) {
      if (states[index] === 'same') continue
      await mkdir(path.dirname(path.join(out, name)), { recursive: true })
      // Never replaces a file that was created meanwhile.
      await writeFile(path.join(out, name), content, { flag: 'wx' })
    }
  } catch (error) {
    if (error instanceof GatewayOptionsError) throw error
    throw new DirectoryUnusableError(
      `The files could not be written into '${out}': ${errorMessage(error)}.`,
      {
        cause: error,
      },
    )
  }
  return files.map(({ name }) => name)
}

/** Lists the files for deploying, with slashes: without tests, and without the README, whose paths are those of the package. */
async function sources(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
    .filter((name) => name !== 'README.md' && !/(^|\/)testdata\/|_test\.go$/.test(name))
    .sort()
}

async function stateOf(file: string, content: Buffer): Promise<'absent' | 'same' | 'differs'> {
  try {
    return content.equals(await readFile(file)) ? 'same' : 'differs'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return 'absent'
    if (code === 'EISDIR') return 'differs'
    throw error
  }
}
