import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { collectorConfigFile, errorMessage, GatewayError } from '../../package/index.ts'

/** What collector-config/manifest.yaml says: the one place that pins the Collector. */
export interface Manifest {
  /** The version of the Collector and of its components, such as `0.161.0`. */
  readonly version: string
  /** The name of the program that the Collector Builder makes. */
  readonly name: string
  /** What the Collector Builder needs beside Go's own modules: the manifest, and the sources of our components. */
  readonly files: readonly ManifestFile[]
  /** Changes with every change of the distribution: the name of its place in the cache. */
  readonly hash: string
}

export interface ManifestFile {
  /** Relative to the manifest, with slashes. */
  readonly name: string
  readonly content: Buffer
}

export const MANIFEST = 'manifest.yaml'

/**
 * Reads the distribution's manifest, and the sources of the components that it has by `path:`.
 *
 * @throws {GatewayError} when it names no version or no program, or when a source is missing.
 */
export async function readManifest(file = collectorConfigFile(MANIFEST)): Promise<Manifest> {
  const content = await readFile(file)
  const text = content.toString()
  const version = /^ {2}version: *(\S+)$/m.exec(text)?.[1]
  const name = /^ {2}name: *(\S+)$/m.exec(text)?.[1]
  if (version === undefined || name === undefined) {
    throw new GatewayError(`'${file}' has no dist.version or no dist.name; restore it from the package.`)
  }
  const files: ManifestFile[] = [{ name: MANIFEST, content }]
  for (const [, component = ''] of text.matchAll(/^ +path: *(\S+)$/gm)) {
    files.push(...(await sources(path.dirname(file), path.posix.normalize(component))))
  }
  const hash = createHash('sha256')
  for (const each of files) hash.update(`${each.name}\0${each.content.length}\0`).update(each.content)
  return { version, name, files, hash: hash.digest('hex').slice(0, 16) }
}

/** What Go compiles of a module, and what pins its dependencies. No tests: a change of one makes no other program. */
async function sources(root: string, component: string): Promise<ManifestFile[]> {
  const directory = path.join(root, component)
  try {
    const names = (await readdir(directory)).filter(
      (name) =>
        name === 'go.mod' || name === 'go.sum' || (name.endsWith('.go') && !name.endsWith('_test.go')),
    )
    return await Promise.all(
      names.sort().map(async (name) => ({
        name: path.posix.join(component, name),
        content: await readFile(path.join(directory, name)),
      })),
    )
  } catch (error) {
    throw new GatewayError(
      `The component '${component}' of the manifest cannot be read: ${errorMessage(error)}; restore it from the package.`,
      { cause: error },
    )
  }
}
