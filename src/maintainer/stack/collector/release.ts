import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { chmod, readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Environment } from '../../../platform/index.ts'
import { mostUsefulLine, runCommand } from '../process/run-command.ts'
import { type Pins, parseChecksums, RELEASE_SHA256 } from './pins.ts'

/** Address of the official releases; `v<version>/<file>` is added. */
const OFFICIAL_RELEASES =
  'https://github.com/open-telemetry/opentelemetry-collector-releases/releases/download'

export interface DownloadOptions {
  /** Version without a `v`. */
  readonly version: string
  /** Empty directory for the download. */
  readonly directory: string
  /** Path of the finished program. */
  readonly target: string
  readonly environment: Environment
  readonly pins: Pins
  readonly onPhase: (text: string) => void
  /** Default: {@link OFFICIAL_RELEASES}. */
  readonly releases?: string | undefined
  readonly platform?: NodeJS.Platform | undefined
  readonly architecture?: string | undefined
  /** Longest time until the server begins to answer, in milliseconds. Default: 5000. */
  readonly timeout?: number | undefined
  /** Signal that ends the download. */
  readonly signal?: AbortSignal | undefined
}

export interface DownloadedRelease {
  /** SHA-256 of the archive. */
  readonly archive: string
  /** Result of the check of the checksum, as the end of a sentence. */
  readonly checked: string
}

/**
 * Downloads otelcol-contrib and compares its checksum: with the one in the variable, with the one that ships with this package, or, if
 * neither exists, with the one that is published beside the release, which does not prove who has published it.
 *
 * @throws {Error} with the reason as part of a sentence: no such release, no network, a checksum that does not match.
 */
export async function downloadRelease(options: DownloadOptions): Promise<DownloadedRelease> {
  const { version, directory, target, environment, pins, onPhase, releases = OFFICIAL_RELEASES } = options
  const limits = { timeout: options.timeout ?? 5_000, signal: options.signal }
  const asset = assetName(version, options.platform ?? process.platform, options.architecture ?? process.arch)
  const base = `${releases}/v${version}`

  onPhase('asking for the official release')
  const expected =
    pinned(pins, asset.archive) ?? (await published(`${base}/${asset.checksums}`, asset.archive, limits))

  const archive = path.join(directory, asset.archive)
  const actual = await download(`${base}/${asset.archive}`, archive, limits, onPhase)
  if (actual !== expected.checksum) {
    throw new Error(
      `${asset.archive} has the SHA-256 checksum ${actual}, but ${expected.checksum} is ${expected.what}; it was not used`,
    )
  }

  onPhase('unpacking')
  const { code, lines } = await runCommand(['tar', '-xzf', asset.archive, asset.program], {
    environment,
    directory,
  })
  if (code !== 0) throw new Error(`tar could not unpack ${asset.archive}: ${mostUsefulLine(lines)}`)
  await chmod(path.join(directory, asset.program), 0o755)
  await rename(path.join(directory, asset.program), target)
  return { archive: actual, checked: expected.checked }
}

interface Expected {
  readonly checksum: string
  /** Source of the checksum, for a message about one that does not match. */
  readonly what: string
  readonly checked: string
}

/** Returns the required checksum of an archive, before the download. */
function pinned({ given, known }: Pins, archive: string): Expected | undefined {
  if (given !== undefined) {
    return {
      checksum: given,
      what: `given by ${RELEASE_SHA256}`,
      checked: `its SHA-256 checksum is the one of ${RELEASE_SHA256}`,
    }
  }
  const checksum = known.get(archive)
  return checksum === undefined
    ? undefined
    : { checksum, what: 'pinned for it', checked: 'its SHA-256 checksum is the pinned one' }
}

async function published(url: string, archive: string, limits: Limits): Promise<Expected> {
  const checksum = parseChecksums(await (await get(url, limits)).text()).get(archive)
  if (checksum === undefined) throw new Error(`the published checksums do not name ${archive}`)
  return {
    checksum,
    what: 'published for it',
    checked: `its SHA-256 checksum is the one published beside it at ${new URL(url).origin}, and none is pinned for this platform; ${RELEASE_SHA256} can give one`,
  }
}

/** Returns the name of the archive for this platform; `undefined` if there is none. */
export function archiveName(version: string): string | undefined {
  try {
    return assetName(version, process.platform, process.arch).archive
  } catch {
    return undefined
  }
}

/** Files of a release for a platform. */
function assetName(version: string, platform: NodeJS.Platform, architecture: string) {
  const os = { linux: 'linux', darwin: 'darwin', win32: 'windows' }[platform as string]
  const cpu = { x64: 'amd64', arm64: 'arm64', ppc64: 'ppc64le', s390x: 's390x' }[architecture]
  if (os === undefined || cpu === undefined) {
    throw new Error(`there is no official release for ${platform} on ${architecture}`)
  }
  const windows = os === 'windows' ? '_windows' : ''
  return {
    archive: `otelcol-contrib_${version}_${os}_${cpu}.tar.gz`,
    checksums: `opentelemetry-collector-releases_otelcol-contrib${windows}_checksums.txt`,
    program: os === 'windows' ? 'otelcol-contrib.exe' : 'otelcol-contrib',
  }
}

interface Limits {
  /** Longest time until the server begins to answer, in milliseconds. */
  readonly timeout: number
  readonly signal: AbortSignal | undefined
}

async function get(url: string, { timeout, signal }: Limits): Promise<Response> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(new Error(`no answer within ${timeout} ms`)), timeout)
  try {
    const response = await fetch(url, { signal: endedBy(abort, signal) })
    if (!response.ok) throw new Error(`the server answered ${response.status}`)
    return response
  } catch (error) {
    const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException }
    throw new Error(`${url} could not be downloaded: ${cause?.message || cause?.code || message}`, {
      cause: error,
    })
  } finally {
    clearTimeout(timer)
  }
}

/** Downloads a file and returns its SHA-256 checksum. Rejects if the transfer stalls for a minute. */
async function download(
  url: string,
  file: string,
  limits: Limits,
  onPhase: (text: string) => void,
): Promise<string> {
  const response = await get(url, limits)
  if (response.body === null) throw new Error(`${url} is empty`)
  const total = Number(response.headers.get('content-length') ?? 0)
  let received = 0
  const stall = new AbortController()
  const watch = setTimeout(() => stall.abort(new Error(`${url} stalled`)), 60_000)
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length
      watch.refresh()
      onPhase(
        `downloading${total > 0 ? ` ${Math.floor((received / total) * 20) * 5} % of ${megabytes(total)}` : ''}`,
      )
      done(null, chunk)
    },
  })
  try {
    await pipeline(Readable.fromWeb(response.body as never), count, createWriteStream(file), {
      signal: endedBy(stall, limits.signal),
    })
  } finally {
    clearTimeout(watch)
  }
  // Reads the file back: the checksum is that of the bytes on the disk.
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}

const endedBy = ({ signal }: AbortController, other: AbortSignal | undefined) =>
  AbortSignal.any(other ? [signal, other] : [signal])

const megabytes = (bytes: number) => `${Math.max(1, Math.round(bytes / 1e6))} MB`
