import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, lstat, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { DirectoryUnusableError, errorMessage } from '../../package/index.ts'

/** Origin of a program in the cache, recorded in a file beside it. */
interface Provenance {
  readonly how: 'release' | 'build'
  /** SHA-256 of the program. */
  readonly program: string
  /** SHA-256 of the archive that contained the program. */
  readonly archive?: string | undefined
}

/** Records the origin of a program for {@link cacheProblem}, and takes away the permission of others to change it. */
export async function writeProvenance(program: string, from: Omit<Provenance, 'program'>): Promise<void> {
  const provenance: Provenance = { ...from, program: await sha256Of(program) }
  await writeFile(noteOf(program), `${JSON.stringify(provenance)}\n`)
  // Whatever the process's umask is.
  for (const each of [program, path.dirname(program)]) await chmod(each, 0o755)
  await chmod(noteOf(program), 0o644)
}

/**
 * Returns the reason why a program in the cache must not be run; `undefined` if it may. Requires that only this user and root can change
 * the program and its directories up to `cache`, that its checksum is the recorded one, and that a release comes from the expected
 * archive.
 */
export async function cacheProblem(
  program: string,
  cache: string,
  isExpected: (provenance: Pick<Provenance, 'how' | 'archive'>) => boolean,
): Promise<string | undefined> {
  try {
    for (const each of [program, noteOf(program)]) {
      if (!(await lstat(each)).isFile()) return `'${each}' is not a regular file`
    }
    for (const each of [program, noteOf(program), ...directoriesUpTo(path.dirname(program), cache)]) {
      const problem = await accessProblem(each)
      if (problem !== undefined) return problem
    }
    const provenance = JSON.parse(await readFile(noteOf(program), 'utf8')) as Provenance
    if ((await sha256Of(program)) !== provenance.program) {
      return `'${program}' does not have the SHA-256 checksum that was recorded for it`
    }
    return isExpected(provenance)
      ? undefined
      : `'${program}' does not come from the release with the pinned checksum`
  } catch (error) {
    return `the origin of '${program}' is unknown: ${errorMessage(error)}`
  }
}

/**
 * Makes the directories of the cache. Refuses directories that others can write, and does not repair them: a program that somebody else
 * has put there would become trusted.
 *
 * @throws {DirectoryUnusableError} if somebody else could put another program there.
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
  // Windows has no such modes; there the location of the user's cache keeps others out.
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

/** Computes a checksum in pieces: a stock Collector has 350 MB. */
async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
