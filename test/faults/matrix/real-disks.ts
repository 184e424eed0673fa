/** Faults of real file systems. What needs the right to mount says so where it is not there. */
import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createScratch } from '../../support/scratch.ts'
import type { Fault, Stage } from '../stage.ts'
import { anyEnd, work } from './ways.ts'

const run = (command: string, ...args: string[]) => void execFileSync(command, args, { stdio: 'pipe' })

/** Whether this machine lets us mount a small file system; looked at once. */
let mountable: string | undefined | null = null

function cannotMount(): string | undefined {
  if (mountable !== null) return mountable
  using scratch = createScratch()
  try {
    run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', scratch.directory)
    run('umount', scratch.directory)
    mountable = undefined
  } catch {
    mountable = 'nothing can be mounted here; the emulation stands for it'
  }
  return mountable
}

/** The state directory is a file system of its own, of so many bytes. */
async function mount(stage: Stage, size: string): Promise<void> {
  await mkdir(stage.state)
  run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', stage.state)
  stage.defer(() => run('umount', '-l', stage.state))
}

/** Fails while somebody writes. */
async function remount({ state }: Stage, options: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return run('mount', '-o', `remount,${options}`, state)
    } catch (error) {
      if (attempt > 50) throw error
      await setTimeout(20)
    }
  }
}

/** Permissions do not hold for root: then the host is somebody else. */
const NOBODY = 65_534

/** A user that the system knows nothing of. */
const HOMELESS = 54_321

const user = process.getuid?.() === 0 ? NOBODY : undefined

/** Whether another user can run the host: it must be able to read this project. */
function cannotBeSomebodyElse(): string | undefined {
  if (user === undefined) return undefined
  try {
    const read = `require('fs').readFileSync(${JSON.stringify(path.join(import.meta.dirname, '../hosts/host.ts'))})`
    execFileSync(process.execPath, ['-e', read], { uid: user, gid: user, cwd: tmpdir(), stdio: 'pipe' })
    return undefined
  } catch {
    return 'another user cannot read this project; the emulation stands for it'
  }
}

export const realDisks: readonly Fault[] = [
  {
    name: 'real-full',
    kind: 'disk',
    what: 'a file system of 256 kB is filled by somebody else for a while',
    impossible: cannotMount,
    async play(stage) {
      const { random, state } = stage
      await mount(stage, '256k')
      const life = await stage.life()
      await work(life, random, 2)
      const filler = path.join(state, 'filler')
      await writeFile(filler, Buffer.alloc(1024 * 1024)).catch(() => {})
      await work(life, random, 4, true)
      await rm(filler)
      await life.step()
      await life.end(anyEnd(random))
    },
  },
  {
    name: 'real-small',
    kind: 'disk',
    what: 'a file system of 64 kB fills up with reports by itself, and is made larger at the end',
    impossible: cannotMount,
    async play(stage) {
      const { random, endpoint } = stage
      await mount(stage, '64k')
      await endpoint.close()
      for (let lives = 0; lives < 3; lives++) {
        const life = await stage.life()
        await work(life, random, 6, true)
        if (lives === 1) await endpoint.open()
        if (lives === 2) {
          await remount(stage, 'size=4m')
          await life.step()
        }
        await life.end(anyEnd(random), { unsure: true })
      }
    },
  },
  {
    name: 'real-read-only',
    kind: 'disk',
    what: 'the file system is mounted read-only while a host runs, and writable again',
    impossible: cannotMount,
    async play(stage) {
      const { random } = stage
      await mount(stage, '1m')
      const life = await stage.life()
      await work(life, random, 2)
      await remount(stage, 'ro')
      await work(life, random, 3, true)
      await remount(stage, 'rw')
      await life.step()
      await life.end(anyEnd(random))
    },
  },
  {
    name: 'entry-of-another-user',
    kind: 'disk',
    what: 'an entry of the state directory belongs to root from one moment on, and the host may not read it',
    impossible: () =>
      user === undefined ? 'only root can take a file away from a host' : cannotBeSomebodyElse(),
    async play(stage) {
      const { random, state } = stage
      await mkdir(state)
      await chown(state, user ?? 0, user ?? 0)
      const before = await stage.life({ user: user ?? 0 })
      await work(before, random, 2)
      await before.step()
      await before.end('shutdown')
      const entries = (await readdir(state, { recursive: true })).filter((name) => /\.jsonl?$/.test(name))
      const entry = random.one(entries)
      await chown(path.join(state, entry), 0, 0)
      await chmod(path.join(state, entry), 0o600)
      // What was counted and what was reported of it may be known by nothing else.
      if (/^(?:counts|acknowledged|outbox)/.test(entry)) before.waive()
      for (let lives = 0; lives < 2; lives++) {
        const life = await stage.life({ user: user ?? 0 })
        await work(life, random, 3)
        await life.end(anyEnd(random))
      }
    },
  },
  {
    name: 'no-home',
    kind: 'disk',
    what: 'there is no place for the state, and a variable says yes: what was reported is certain, and nothing else',
    impossible: () => (user === undefined ? 'this user has a home directory' : cannotBeSomebodyElse()),
    async play(stage) {
      const { random } = stage
      for (let lives = 0; lives < 2; lives++) {
        const life = await stage.life({ homeless: true, user: HOMELESS })
        await work(life, random, 4)
        await life.end(anyEnd(random), { unsure: true })
      }
    },
  },
  {
    name: 'real-permission',
    kind: 'disk',
    what: 'permission for the state directory is taken from a host while it runs, and given back',
    impossible: cannotBeSomebodyElse,
    async play(stage) {
      const { random, state } = stage
      await mkdir(state)
      if (user !== undefined) await chown(state, user, user)
      const life = await stage.life(user === undefined ? {} : { user })
      await work(life, random, 2)
      const mode = random.one([0, 0o500, 0o100])
      await chmod(state, mode)
      await work(life, random, 3, true)
      await chmod(state, 0o700)
      // A choice that cannot be read is a no, until the host looks again.
      if (mode === 0) {
        await life.report()
        life.waive()
      }
      await life.step()
      await life.end(anyEnd(random))
    },
  },
]
