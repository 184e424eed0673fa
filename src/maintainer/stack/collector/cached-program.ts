import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, lstat, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { DirectoryUnusableError, errorMessage } from '../../package/index.ts'

/** What a program in the cache was when it was put there. It lies beside the program. */
interface Provenance {
  readonly how: 'release' | 'build'
  /** SHA-256 of the program. */
  readonly program: string
  /** SHA-256 of the archive that it came in. */
  readonly archive?: string | undefined
}

/** Writes down what a program is, for {@link cacheProblem}, and takes from others what would let them change it. */
export async function writeProvenance(program: string, from: Omit<Provenance, 'program'>): Promise<void> {
  const provenance: Provenance = { ...from, program: await sha256Of(program) }
  await writeFile(noteOf(program), `${JSON.stringify(provenance)}\n`)
  // Whatever the process's umask is.
  for (const each of [program, path.dirname(program)]) await chmod(each, 0o755)
  await chmod(noteOf(program), 0o644)
}

/**
 * Tells why a program in the cache must not be run; `undefined` when it may. Nobody but this user and root can have changed it or its
 * directories, up to `cache`; it has the checksum that it had when it was put there; and a release is of the archive that is
 * expected.
 */
export async function cacheProblem(
  program: string,
  cache: string,
  isExpected: (provenance: Pick<Provenance, 'how' | 'archive'>) => boolean,
): Promise<string | undefined> {
  try {
    for (const each of [program, noteOf(program)]) {
      if (!(await lstat(each)).isFile()) return `'${each}' is no regular file`
    }
    for (const each of [program, noteOf(program), ...directoriesUpTo(path.dirname(program), cache)]) {
      const problem = await accessProblem(each)
      if (problem !== undefined) return problem
    }
    const provenance = JSON.parse(await readFile(noteOf(program), 'utf8')) as Provenance
    if ((await sha256Of(program)) !== provenance.program) {
      return `'${program}' has not the SHA-256 checksum that it had when it was put there`
    }
    return isExpected(provenance) ? undefined : `'${program}' is not of the release whose checksum is pinned`
  } catch (error) {
    return `where '${program}' came from is not known: ${errorMessage(error)}`
  }
}

/**
 * Makes the cache's directories. Where others can write they are not mended: a program that others have put there would count then.
 *
 * @throws {DirectoryUnusableError} when somebody else could put another program there.
 */
export async function prepareCache(root: string, cache: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  for (const directory of directoriesUpTo(root, cache)) {
    const problem = await accessProblem(directory)
    if (problem !== undefined) {
      throw new DirectoryUnusableError(
        `The cache for Collectors cannot be trusted: ${problem}. Delete it, or set XDG_CACHE_HOME to a directory of your own.`,
      )
    }
  }
}

async function accessProblem(file: string): Promise<string | undefined> {
  const own = process.getuid?.()
  // Windows keeps rights elsewhere; a user's cache there is closed to others by its place.
  if (own === undefined) return undefined
  const { mode, uid } = await lstat(file)
  if (uid !== own && uid !== 0) return `'${file}' belongs to another user (${uid})`
  return (mode & WRITABLE_BY_OTHERS) === 0
    ? undefined
    : `others can write '${file}' (mode ${(mode & 0o777).toString(8)})`
}

const WRITABLE_BY_OTHERS = 0o022

const noteOf = (program: string) => path.join(path.dirname(program), 'provenance.json')

function directoriesUpTo(directory: string, top: string): string[] {
  const directories = [directory]
  for (let each = directory; each !== top && each !== path.dirname(each); ) {
    each = path.dirname(each)
    directories.push(each)
  }
  return directories
}

/** Reads piece by piece: a stock Collector has 350 MB. */
async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
