import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Writable } from 'node:stream'
import { type Environment, systemEnvironment } from '../../../platform/index.ts'
import {
  CollectorNotFoundError,
  CollectorUnusableError,
  DirectoryUnusableError,
  errorMessage,
  type FailedWay,
  GatewayError,
} from '../../package/index.ts'
import { buildFromManifest } from './build.ts'
import { cacheDirectory } from './cache-directory.ts'
import { cacheProblem, prepareCache, writeProvenance } from './cached-program.ts'
import { type Collector, readVersion } from './collector.ts'
import { dockerImage, dockerProblem } from './docker.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { type Pins, RELEASE_SHA256, readPins } from './pins.ts'
import { createProgress, type Progress } from './progress.ts'
import { archiveName, downloadRelease } from './release.ts'
import { takeWorkLock } from './work-lock.ts'

/** Options of {@link findCollector}. */
export interface FindCollectorOptions {
  /** Environment with `OTELCOL`, the path of a Collector, PATH, and the variables of the cache directory. Default: that of the process. */
  readonly environment?: Environment
  /** Directory for Collectors that were downloaded or built. Default: `otel-usage` in the user's cache directory. */
  readonly cache?: string
  /** Signal that ends the download or the build. */
  readonly signal?: AbortSignal | undefined
  /** Called before a Collector is downloaded or built, which takes minutes. */
  readonly onAbsent?: () => void
  /** Stream for the progress. Default: standard error. */
  readonly output?: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  /** Default: collector-config/manifest.yaml of this package. */
  readonly manifest?: string
  /** Address from which releases are downloaded. Default: that of the official releases. */
  readonly releases?: string
  /** File with the checksums of the releases. Default: collector-config/otelcol-contrib.sha256 of this package. */
  readonly checksums?: string
}

/**
 * Finds a Collector or gets one. Tries, in this order: the variable `OTELCOL`, the cache, the official release with the pinned checksum, a
 * build from the manifest, Docker. With the variable `OTELCOL_RELEASE_SHA256`, only a release with that checksum is used. The first time
 * takes minutes, with the progress on `output`; later calls use the cache. Two processes can call it at once: one works, the other waits.
 *
 * @throws {GatewayError} if `signal` ends the search.
 * @throws {CollectorUnusableError} if `OTELCOL` names no working Collector: an explicit setting is never ignored.
 * @throws {DirectoryUnusableError} if the cache cannot be written, or if others could put a program there.
 * @throws {CollectorNotFoundError} if every way fails; the message says why.
 */
export async function findCollector(options: FindCollectorOptions = {}): Promise<Collector> {
  const environment = options.environment ?? systemEnvironment()
  const named = environment['OTELCOL']
  if (named) return namedCollector(named, environment)

  const manifest = await readManifest(options.manifest)
  const pins = await readPins(environment, options.checksums)
  const cache = path.resolve(options.cache ?? cacheDirectory(environment))
  const root = path.join(cache, 'collector')
  const folder = path.join(root, `${manifest.hash}-${process.platform}-${process.arch}`)
  const program = path.join(folder, process.platform === 'win32' ? 'otelcol.exe' : 'otelcol')
  const failed: FailedWay[] = [{ way: 'the variable OTELCOL', reason: 'it is not set' }]

  const look = { program, cache, environment, ...expectation(pins, manifest) }
  const cached = await cachedCollector(look)
  if ('version' in cached) return cached
  failed.push({ way: 'the cache', reason: cached.reason })
  options.onAbsent?.()

  const progress = createProgress({
    title: `OpenTelemetry Collector ${manifest.version}`,
    ...(options.output && { output: options.output }),
  })
  try {
    const lock = await prepareCache(root, cache)
      .then(() =>
        takeWorkLock({
          path: `${folder}.lock`,
          isDone: async () => {
            refuseEnded(options.signal)
            return 'version' in (await cachedCollector(look))
          },
          onWait: (text) => progress.phase(text),
        }),
      )
      .catch((error) => {
        if (error instanceof GatewayError) throw error
        throw new DirectoryUnusableError(
          `The cache directory '${root}' cannot be written: ${errorMessage(error)}. Set XDG_CACHE_HOME to one that can.`,
          { cause: error },
        )
      })
    // The other process has put a Collector into the cache.
    if (lock === undefined) return found(await cachedCollector(look), failed, manifest)
    try {
      await removeLeftovers(root)
      const { releases, signal } = options
      const made = await make({ look, pins, manifest, root, folder, releases, signal }, failed, {
        ...progress,
        phase: (text) => {
          progress.phase(text)
          lock.phase(text)
        },
      })
      if (made) return made
    } finally {
      await lock.release()
    }
  } finally {
    progress.end()
  }

  const problem = pins.given === undefined ? await dockerProblem(environment) : ONLY_PINNED
  if (problem === undefined) {
    return {
      command: ['docker', 'run', '--rm', dockerImage(manifest.version)],
      version: manifest.version,
      how: 'docker',
    }
  }
  failed.push({ way: 'Docker', reason: problem })
  throw new CollectorNotFoundError(manifest.version, failed)
}

/** @throws {GatewayError} if the search was ended from outside. */
function refuseEnded(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new GatewayError('The search for a Collector was stopped. The next one resumes from here.')
}

const MAKING = '.making-'

const ONLY_PINNED = `${RELEASE_SHA256} is set, and only the release with that checksum is used`

async function namedCollector(file: string, environment: Environment): Promise<Collector> {
  const answer = await readVersion([file], environment)
  if ('reason' in answer) {
    throw new CollectorUnusableError(
      `OTELCOL is '${file}', which is not a Collector that runs here: ${answer.reason}. Set it to the path of an otelcol-contrib, or unset it to have one found.`,
    )
  }
  return { command: [file], version: answer.version, how: 'variable' }
}

/** Path of the Collector in the cache, and the releases that it may come from. */
interface CacheLook {
  readonly program: string
  readonly cache: string
  readonly environment: Environment
  readonly isExpected: Parameters<typeof cacheProblem>[2]
}

/** Applies the pins to the cache too: its Collector may be older than a pin. */
function expectation({ given, known }: Pins, { version }: Manifest): Pick<CacheLook, 'isExpected'> {
  const archive = archiveName(version)
  const pin = given ?? (archive === undefined ? undefined : known.get(archive))
  return {
    isExpected: (kept) =>
      kept.how === 'build' ? given === undefined : pin === undefined || kept.archive === pin,
  }
}

async function cachedCollector(look: CacheLook): Promise<Collector | { readonly reason: string }> {
  const { program, cache, environment, isExpected } = look
  if (!existsSync(program)) return { reason: `no Collector in '${path.dirname(program)}' yet` }
  const problem = await cacheProblem(program, cache, isExpected)
  if (problem !== undefined) return { reason: problem }
  const answer = await readVersion([program], environment)
  return 'reason' in answer ? answer : { command: [program], version: answer.version, how: 'cache' }
}

interface Making {
  readonly look: CacheLook
  readonly pins: Pins
  readonly manifest: Manifest
  readonly releases: string | undefined
  readonly signal: AbortSignal | undefined
  readonly root: string
  readonly folder: string
}

/** Downloads or builds in a separate directory, tries the result, and renames it into the cache. */
async function make(making: Making, failed: FailedWay[], progress: Progress): Promise<Collector | undefined> {
  const { look, pins, manifest, root, releases, signal } = making
  const { environment, program } = look
  const ways: {
    how: 'release' | 'build'
    way: string
    into: (
      directory: string,
      target: string,
    ) => Promise<{ readonly archive?: string; readonly checked?: string }>
  }[] = [
    {
      how: 'release',
      way: `the official release of otelcol-contrib ${manifest.version}`,
      into: (directory, target) =>
        downloadRelease({
          version: manifest.version,
          directory,
          target,
          environment,
          pins,
          onPhase: progress.phase,
          releases,
          signal,
        }),
    },
    {
      how: 'build',
      way: 'a build with the Collector Builder',
      into: async (directory, target) => {
        if (pins.given !== undefined) throw new Error(ONLY_PINNED)
        await buildFromManifest({
          ...{ manifest, directory, target, environment, signal },
          onPhase: progress.phase,
        })
        return {}
      },
    },
  ]
  for (const { how, way, into } of ways) {
    const directory = path.join(root, `${MAKING}${randomUUID()}`)
    const ready = path.join(directory, 'ready')
    try {
      await mkdir(ready, { recursive: true })
      const target = path.join(ready, path.basename(program))
      const { archive, checked } = await into(directory, target)
      const answer = await readVersion([target], environment)
      if ('reason' in answer) throw new Error(`the result does not run: ${answer.reason}`)
      await writeProvenance(target, { how, archive })
      await moveToCache(ready, making)
      progress.end(how === 'build' ? 'built' : `downloaded; ${checked}`)
      return { command: [program], version: answer.version, how }
    } catch (error) {
      refuseEnded(signal)
      failed.push({ way, reason: errorMessage(error) })
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
  return undefined
}

/** Removes leftovers of processes that were killed at least an hour ago. */
async function removeLeftovers(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith(MAKING)) continue
    const directory = path.join(root, name)
    const age = Date.now() - (await stat(directory)).mtimeMs
    if (age > 3_600_000) await rm(directory, { recursive: true, force: true })
  }
}

/** Renames a program into the cache. Keeps a working one, which another process has put there first; replaces one that does not run. */
async function moveToCache(ready: string, { folder, look }: Making): Promise<void> {
  try {
    await rename(ready, folder)
  } catch (error) {
    if ('version' in (await cachedCollector(look))) return
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'EPERM') throw error
    await rename(folder, path.join(ready, '..', 'replaced'))
    await rename(ready, folder)
  }
}

function found(
  collector: Collector | { readonly reason: string },
  failed: readonly FailedWay[],
  manifest: Manifest,
): Collector {
  if ('version' in collector) return collector
  throw new CollectorNotFoundError(manifest.version, [
    ...failed,
    { way: 'the cache, filled by another process', reason: collector.reason },
  ])
}
