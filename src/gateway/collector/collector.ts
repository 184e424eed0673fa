import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Environment } from '../../host/index.ts'
import { GatewayError } from '../errors.ts'
import { collectorConfigFile } from '../package-files.ts'
import { runCommand, tellingLine } from '../process/run-command.ts'

/** How a Collector was come by. */
export type CollectorOrigin = 'variable' | 'cache' | 'release' | 'build' | 'docker'

/** A Collector that can be run. */
export interface Collector {
  /** The command and its first arguments; the Collector's own arguments follow. */
  readonly command: readonly string[]
  /** As `--version` says it, such as `0.161.0`. */
  readonly version: string
  readonly how: CollectorOrigin
}

/** What collector-config/manifest.yaml says: the one place that pins the Collector. */
export interface Manifest {
  readonly path: string
  /** The version of the Collector and of its components, such as `0.161.0`. */
  readonly version: string
  /** The name of the program that the Collector Builder makes. */
  readonly name: string
  /** Changes with every change of the distribution: the name of its place in the cache. */
  readonly hash: string
}

/**
 * Reads the distribution's manifest.
 *
 * @throws {GatewayError} when it names no version or no program.
 */
export async function readManifest(file = collectorConfigFile('manifest.yaml')): Promise<Manifest> {
  const text = await readFile(file, 'utf8')
  const version = /^ {2}version: *(\S+)$/m.exec(text)?.[1]
  const name = /^ {2}name: *(\S+)$/m.exec(text)?.[1]
  if (version === undefined || name === undefined) {
    throw new GatewayError(`'${file}' has no dist.version or no dist.name; restore it from the package.`)
  }
  return { path: file, version, name, hash: createHash('sha256').update(text).digest('hex').slice(0, 16) }
}

/** Asks a Collector for its version. A reason instead where it does not run or is something else. */
export async function readVersion(
  command: readonly string[],
  environment: Environment,
): Promise<{ readonly version: string } | { readonly reason: string }> {
  const { code, lines } = await runCommand([...command, '--version'], { environment, timeout: 20_000 })
  if (code !== 0) return { reason: `\`--version\` ended with ${code}: ${tellingLine(lines)}` }
  const version = /version v?(\d+\.\d+\.\d+\S*)/.exec(lines.join('\n'))?.[1]
  return version === undefined
    ? { reason: `\`--version\` printed '${lines[0] ?? ''}', which names no version` }
    : { version }
}
