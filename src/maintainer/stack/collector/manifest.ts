import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'yaml'
import { collectorConfigFile, errorMessage, GatewayError } from '../../package/index.ts'

/** Content of collector-config/manifest.yaml, the one place that pins the Collector. */
export interface Manifest {
  /** Version of the Collector and of its components, such as `0.161.0`. */
  readonly version: string
  /** Name of the program that the Collector Builder makes. */
  readonly name: string
  /** Files that the Collector Builder needs besides Go's own modules: the manifest, and the sources of our components. */
  readonly files: readonly ManifestFile[]
  /** Hash of all files: the directory of this distribution in the cache is named after it. */
  readonly hash: string
}

export interface ManifestFile {
  /** Relative to the manifest, with slashes. */
  readonly name: string
  readonly content: Buffer
}

export const MANIFEST = 'manifest.yaml'

/** The parts of the manifest that are read here. */
interface Distribution {
  readonly dist?: { readonly version?: unknown; readonly name?: unknown } | null
  readonly [components: string]: unknown
}

/**
 * Reads the manifest of the distribution, and the sources of the components that it names by `path`.
 *
 * @throws {GatewayError} when the manifest cannot be parsed, has no version or no name, or when a source is missing.
 */
export async function readManifest(file = collectorConfigFile(MANIFEST)): Promise<Manifest> {
  const content = await readFile(file)
  const distribution = parsed(file, content.toString())
  const { version, name } = distribution.dist ?? {}
  if (typeof version !== 'string' || typeof name !== 'string') {
    throw new GatewayError(`'${file}' has no dist.version or no dist.name; restore it from the package.`)
  }
  const files: ManifestFile[] = [{ name: MANIFEST, content }]
  for (const component of ownComponents(distribution)) {
    files.push(...(await sources(path.dirname(file), path.posix.normalize(component))))
  }
  const hash = createHash('sha256')
  for (const each of files) hash.update(`${each.name}\0${each.content.length}\0`).update(each.content)
  return { version, name, files, hash: hash.digest('hex').slice(0, 16) }
}

function parsed(file: string, text: string): Distribution {
  try {
    return parse(text) ?? {}
  } catch (error) {
    throw new GatewayError(
      `'${file}' is not valid YAML: ${errorMessage(error)}; restore it from the package.`,
      {
        cause: error,
      },
    )
  }
}

/** Returns the paths of the components whose sources are in this package, in the order of the manifest. */
const ownComponents = (distribution: Distribution): string[] =>
  Object.values(distribution)
    .flatMap((components) => (Array.isArray(components) ? components : []))
    .flatMap((component) => (typeof component?.path === 'string' ? [component.path] : []))

/** Reads the files that Go compiles of a module, and those that pin its dependencies. Tests do not change the program. */
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
