import { mkdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Environment } from '../../../platform/index.ts'
import { mostUsefulLine, runCommand } from '../process/run-command.ts'
import { MANIFEST, type Manifest } from './manifest.ts'

export interface BuildOptions {
  readonly manifest: Manifest
  /** Empty directory for the build. */
  readonly directory: string
  /** Path of the finished program. */
  readonly target: string
  readonly environment: Environment
  /** Signal that ends the build. */
  readonly signal?: AbortSignal | undefined
  readonly onPhase: (text: string) => void
}

/**
 * Builds the distribution of the manifest with the Collector Builder of the same version, which Go fetches and compiles.
 * About two minutes the first time, 20 seconds once Go's own cache is warm.
 *
 * @throws {Error} with the reason as part of a sentence.
 */
export async function buildFromManifest(options: BuildOptions): Promise<void> {
  const { manifest, directory, target, signal, onPhase } = options
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const tools = path.join(directory, 'bin')
  await mkdir(tools)
  const environment = { ...options.environment, GOBIN: tools, CGO_ENABLED: '0' }

  const go = await runCommand(['go', 'version'], { environment, timeout: 20_000 })
  if (go.code === 127) throw new Error('Go is not installed: there is no `go` on the PATH')
  if (go.code !== 0) throw new Error(`\`go version\` failed: ${mostUsefulLine(go.lines)}`)

  onPhase('installing the Collector Builder')
  const builder = `go.opentelemetry.io/collector/cmd/builder@v${manifest.version}`
  const installed = await runCommand(['go', 'install', builder], { environment, directory, signal })
  if (installed.code !== 0)
    throw new Error(`\`go install ${builder}\` failed: ${mostUsefulLine(installed.lines)}`)

  for (const { name, content } of manifest.files) {
    const file = path.join(directory, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, content)
  }
  onPhase('building the Collector')
  const built = await runCommand([path.join(tools, `builder${suffix}`), '--config', MANIFEST], {
    environment,
    directory,
    signal,
    onLine: (line) => {
      if (line.includes('Getting go modules')) onPhase('fetching its components')
      if (line.includes('Compiling')) onPhase('compiling it')
    },
  })
  if (built.code !== 0) throw new Error(`the Collector Builder failed: ${mostUsefulLine(built.lines)}`)
  await rename(path.join(directory, '_build', `${manifest.name}${suffix}`), target)
}
