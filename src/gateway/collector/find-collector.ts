import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { type Environment, systemEnvironment } from '../../host/index.ts'
import {
  CollectorNotFoundError,
  CollectorUnusableError,
  DirectoryUnusableError,
  type FailedWay,
  reasonOf,
} from '../errors.ts'
import { buildFromManifest } from './build.ts'
import { cacheDirectory } from './cache-directory.ts'
import { type Collector, type CollectorOrigin, readVersion } from './collector.ts'
import { dockerImage, dockerProblem } from './docker.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { createProgress, type Progress, type ProgressOptions } from './progress.ts'
import { downloadRelease } from './release.ts'
import { takeWorkLock } from './work-lock.ts'

export interface FindCollectorOptions {
  /** Default: the process's own. `OTELCOL` is the path of a Collector; PATH and the cache's place come from here too. */
  readonly environment?: Environment
  /** Where a Collector that was downloaded or built is kept. Default: `otel-usage` in the user's cache directory. */
  readonly cache?: string
  /** Where the progress goes. Default: standard error. */
  readonly output?: ProgressOptions['output']
  /** Default: collector-config/manifest.yaml of this package. */
  readonly manifest?: string
  /** Where releases are downloaded from. Default: the official place. */
  readonly releases?: string
}

/**
 * Finds a Collector, or gets one: the variable `OTELCOL`, the cache, the official release (checksum verified), a build
 * from the manifest, Docker. The first time this takes minutes, shown on `output`; then the cache has it. Two processes at
 * once are safe: one works, the other waits for it.
 *
 * @throws {CollectorUnusableError} when `OTELCOL` is set and names no working Collector: a wish is not passed over.
 * @throws {CollectorNotFoundError} when no way leads to one; it names every way and why it failed.
 */
export async function findCollector(options: FindCollectorOptions = {}): Promise<Collector> {
  const environment = options.environment ?? systemEnvironment()
  const named = environment['OTELCOL']
  if (named) return namedCollector(named, environment)

  const manifest = await readManifest(options.manifest)
  const root = path.join(options.cache ?? cacheDirectory(environment), 'collector')
  const place = path.join(root, `${manifest.hash}-${process.platform}-${process.arch}`)
  const program = path.join(place, process.platform === 'win32' ? 'otelcol.exe' : 'otelcol')
  const failed: FailedWay[] = [{ way: 'the variable OTELCOL', reason: 'it is not set' }]

  const cached = await cachedCollector(program, environment)
  if ('version' in cached) return cached
  failed.push({ way: 'the cache', reason: cached.reason })

  const progress = createProgress({
    title: `OpenTelemetry Collector ${manifest.version}`,
    ...(options.output && { output: options.output }),
  })
  try {
    const lock = await takeWorkLock({
      path: `${place}.lock`,
      isDone: async () => 'version' in (await cachedCollector(program, environment)),
      onWait: (text) => progress.phase(text),
    }).catch((error) => {
      throw new DirectoryUnusableError(
        `The cache directory '${root}' cannot be written: ${reasonOf(error)}. Set XDG_CACHE_HOME to one that can.`,
        { cause: error },
      )
    })
    // The process that was waited for has put it there.
    if (lock === undefined) return found(await cachedCollector(program, environment), failed, manifest)
    try {
      await removeLeftovers(root)
      const made = await make(
        { environment, manifest, root, place, program, releases: options.releases },
        failed,
        {
          ...progress,
          phase: (text) => {
            progress.phase(text)
            lock.phase(text)
          },
        },
      )
      if (made) return made
    } finally {
      await lock.release()
    }
  } finally {
    progress.end()
  }

  const problem = await dockerProblem(environment)
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

const MAKING = '.making-'

async function namedCollector(file: string, environment: Environment): Promise<Collector> {
  const answer = await readVersion([file], environment)
  if ('reason' in answer) {
    throw new CollectorUnusableError(
      `OTELCOL is '${file}', but that is no Collector that runs here: ${answer.reason}. Set it to the path of an otelcol-contrib, or unset it to have one found.`,
    )
  }
  return { command: [file], version: answer.version, how: 'variable' }
}

async function cachedCollector(
  program: string,
  environment: Environment,
): Promise<Collector | { readonly reason: string }> {
  if (!existsSync(program)) return { reason: `there is none in '${path.dirname(program)}' yet` }
  const answer = await readVersion([program], environment)
  return 'reason' in answer ? answer : { command: [program], version: answer.version, how: 'cache' }
}

interface Making {
  readonly environment: Environment
  readonly manifest: Manifest
  readonly releases: string | undefined
  readonly root: string
  readonly place: string
  readonly program: string
}

/** Downloads or builds in a directory of its own, tries the result, and renames it into place. */
async function make(making: Making, failed: FailedWay[], progress: Progress): Promise<Collector | undefined> {
  const { environment, manifest, root, program, releases } = making
  const ways: {
    how: CollectorOrigin
    way: string
    into: (directory: string, target: string) => Promise<void>
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
          onPhase: progress.phase,
          releases,
        }),
    },
    {
      how: 'build',
      way: 'a build with the Collector Builder',
      into: (directory, target) =>
        buildFromManifest({ manifest, directory, target, environment, onPhase: progress.phase }),
    },
  ]
  for (const { how, way, into } of ways) {
    const directory = path.join(root, `${MAKING}${randomUUID()}`)
    const ready = path.join(directory, 'ready')
    try {
      await mkdir(ready, { recursive: true })
      const target = path.join(ready, path.basename(program))
      await into(directory, target)
      const answer = await readVersion([target], environment)
      if ('reason' in answer) throw new Error(`what came out does not run: ${answer.reason}`)
      await putIntoPlace(ready, making)
      progress.end(how === 'build' ? 'built' : 'downloaded and verified')
      return { command: [program], version: answer.version, how }
    } catch (error) {
      failed.push({ way, reason: reasonOf(error) })
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
  return undefined
}

/** Removes what a process that was killed an hour ago or before has left behind. */
async function removeLeftovers(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith(MAKING)) continue
    const directory = path.join(root, name)
    const age = Date.now() - (await stat(directory)).mtimeMs
    if (age > 3_600_000) await rm(directory, { recursive: true, force: true })
  }
}

/** What is there and runs stays: another process was first. What does not run is replaced. */
async function putIntoPlace(ready: string, { place, program, environment }: Making): Promise<void> {
  try {
    await rename(ready, place)
  } catch (error) {
    if ('version' in (await cachedCollector(program, environment))) return
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'EPERM') throw error
    await rename(place, path.join(ready, '..', 'replaced'))
    await rename(ready, place)
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
