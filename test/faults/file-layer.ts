/** The layer between a host and its disk: it counts the calls, makes them fail, and ends the process in the middle of them. */
import {
  constants,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { FileFunctions } from '../../src/platform/index.ts'
import { createRandom } from '../support/random.ts'

export type { FileFunctions } from '../../src/platform/index.ts'

/** What the layer tells apart. `create` is an `open` that makes or extends a file, `read` all that changes nothing. */
export type Call = 'create' | 'write' | 'sync' | 'rename' | 'link' | 'unlink' | 'mkdir' | 'read'

export const CHANGES: readonly Call[] = ['create', 'write', 'sync', 'rename', 'link', 'unlink', 'mkdir']

/** How the disk fails, from when it is told to until it is told otherwise. */
export interface DiskTrouble {
  readonly code: string
  readonly calls: readonly Call[]
  /** How likely each call fails. Default: 1. */
  readonly chance?: number
  /** The ends of the names of files that are spared. Default: none are. */
  readonly spares?: readonly string[]
  /** How long it lasts for each file from the first call on, in milliseconds, as while a virus scanner has it open. Default: for ever. */
  readonly lasts?: number
}

/** The moment at which a process gets a signal: with the `at`th call of a kind (from 1), or of any kind that changes something. */
export interface Stop {
  readonly call: Call | 'any'
  readonly at: number
  /** `middle`: half of a write is on the disk. */
  readonly when: 'before' | 'middle' | 'after'
  /** Default: `SIGKILL`. */
  readonly signal?: 'SIGKILL' | 'SIGSTOP'
  /** Whether the machine loses its power: what was not synchronised is gone as well. Default: false. */
  readonly power?: boolean
}

export interface LayerOptions {
  readonly seed: number
  readonly stop?: Stop
  readonly trouble?: DiskTrouble
  /** The most that a call takes longer, in milliseconds. */
  readonly slow?: number
}

export interface FileLayer {
  readonly files: FileFunctions
  /** How many calls of each kind there were. */
  readonly calls: Readonly<Record<Call, number>>
  /** Nothing: the disk is well again. */
  setTrouble(trouble: DiskTrouble | undefined): void
}

export function createFileLayer({ seed, stop, trouble: first, slow = 0 }: LayerOptions): FileLayer {
  const random = createRandom('disk', seed)
  const journal = createJournal(random)
  const calls = { create: 0, write: 0, sync: 0, rename: 0, link: 0, unlink: 0, mkdir: 0, read: 0 }
  let trouble = first

  /** When each file was first in trouble, in milliseconds. */
  const since = new Map<string, number>()

  function failsFor(call: Call, file: string): boolean {
    if (!trouble?.calls.includes(call) || trouble.spares?.some((name) => file.endsWith(name))) return false
    if (trouble.lasts !== undefined) {
      if (!since.has(file)) since.set(file, performance.now())
      if (performance.now() - (since.get(file) ?? 0) > trouble.lasts) return false
    }
    return random.chance(trouble.chance ?? 1)
  }

  /** One call through the layer. `half` does a part of it, where there is such a thing. */
  async function through<R>(
    call: Call,
    file: string,
    action: () => Promise<R>,
    half: () => void = () => {},
  ): Promise<R> {
    const number = ++calls[call]
    const isTheOne =
      stop?.call === 'any'
        ? CHANGES.includes(call) && stop.at === CHANGES.reduce((sum, one) => sum + calls[one], 0)
        : stop?.call === call && stop.at === number
    if (slow > 0) await setTimeout(random.below(slow))
    if (isTheOne && stop?.when !== 'after') {
      if (stop?.when === 'middle') half()
      end()
    }
    if (trouble && failsFor(call, file)) {
      if (call === 'write') half()
      throw Object.assign(new Error(`${trouble.code}: made to fail`), { code: trouble.code })
    }
    const result = await action()
    if (isTheOne && stop?.when === 'after') end()
    return result
  }

  function end(): void {
    if (stop?.power) journal.losePower()
    process.kill(process.pid, stop?.signal ?? 'SIGKILL')
  }

  function watched(handle: FileHandle, file: string): FileHandle {
    const [write, sync] = [handle.writeFile.bind(handle), handle.sync.bind(handle)]
    return Object.assign(handle, {
      writeFile(data: string | Uint8Array) {
        const bytes = Buffer.from(data)
        const half = () => void writeSync(handle.fd, bytes, 0, bytes.length >> 1)
        journal.written(file)
        return through('write', file, () => write(data), half)
      },
      sync: () =>
        through('sync', file, async () => {
          await sync()
          journal.synced(file)
        }),
    })
  }

  const files = {
    lstat: (file: string) => through('read', file, () => lstat(file)),
    readdir: (folder: string) => through('read', folder, () => readdir(folder)),
    mkdir: (folder: string, options: object) => through('mkdir', folder, () => mkdir(folder, options)),
    open: (file: string, flags: string | number, mode?: number) =>
      through(makes(flags) ? 'create' : 'read', file, async () =>
        watched(await open(file, flags, mode), file),
      ),
    rename: (from: string, to: string) =>
      through('rename', from, async () => {
        const undo = journal.renaming(from, to)
        await rename(from, to)
        journal.pending(undo)
      }),
    link: (from: string, to: string) =>
      through('link', from, async () => {
        await link(from, to)
        journal.pending(() => rmSync(to, { force: true }))
      }),
    unlink: (file: string) =>
      through('unlink', file, async () => {
        const undo = journal.unlinking(file)
        await unlink(file)
        journal.pending(undo)
      }),
  } satisfies Record<keyof FileFunctions, unknown> as unknown as FileFunctions

  return {
    files,
    calls,
    setTrouble: (next) => {
      trouble = next
    },
  }
}

const makes = (flags: string | number) =>
  typeof flags === 'string' ? flags !== 'r' : (flags & constants.O_CREAT) !== 0

/**
 * What a file system with an ordered journal may forget when the power fails: names that were changed since anything was
 * synchronised last, the newest first, and the contents of files that were not synchronised themselves.
 */
function createJournal(random: ReturnType<typeof createRandom>) {
  let names: Array<() => void> = []
  /** The lengths that are certain. */
  const contents = new Map<string, number>()
  const restore = (file: string) => {
    const before = contentOf(file)
    return () => (before ? writeFileSync(file, before) : rmSync(file, { force: true }))
  }
  return {
    pending: (undo: () => void) => void names.push(undo),
    unlinking: restore,
    renaming(from: string, to: string) {
      const restoreTarget = restore(to)
      const length = contents.get(from)
      if (length !== undefined) contents.set(to, length)
      contents.delete(from)
      return () => {
        renameSync(to, from)
        restoreTarget()
      }
    },
    written(file: string) {
      if (!contents.has(file)) contents.set(file, statSync(file).size)
    },
    synced(file: string) {
      contents.delete(file)
      names = []
    },
    losePower() {
      for (const [file, length] of contents)
        if (random.chance(0.5)) attempt(() => truncateSync(file, Math.min(length, statSync(file).size)))
      const kept = random.below(names.length + 1)
      for (const undo of names.slice(kept).reverse()) attempt(undo)
    },
  }
}

function contentOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}

/** What cannot be undone was not there. */
function attempt(action: () => void): void {
  try {
    action()
  } catch {}
}
