import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Call, CHANGES, type DiskTrouble } from '../file-layer.ts'
import type { Fault, Stage } from '../stage.ts'
import { anyEnd, work } from './ways.ts'

/** What decides, and whose decision it is: where nobody can read that, it is a no, which is another matter. */
const CHOICE = ['consent.jsonl', 'product.json']

const WRITES: readonly Call[] = ['create', 'write', 'mkdir']
const FULL: DiskTrouble = { code: 'ENOSPC', calls: WRITES }
const NEARLY_FULL: DiskTrouble = { ...FULL, chance: 0.4 }
const READ_ONLY: DiskTrouble = { code: 'EROFS', calls: CHANGES }
const FORBIDDEN: DiskTrouble = { code: 'EACCES', calls: [...CHANGES, 'read'], spares: CHOICE }
const ERRORS: DiskTrouble = { code: 'EIO', calls: CHANGES, chance: 0.2 }

/** While a host runs, its disk fails for a while. What it counts then is certain once the disk is well again. */
async function failsForAWhile(stage: Stage, trouble: DiskTrouble): Promise<void> {
  const { random } = stage
  const life = await stage.life(random.chance(0.3) ? { trouble } : {})
  await work(life, random, 2, true)
  await life.order({ do: 'setDisk', trouble })
  await work(life, random, 3, true)
  await life.order({ do: 'setDisk' })
  await life.step()
  await life.end(anyEnd(random))
}

/**
 * A host cannot read what its operator has decided, and that is a no (restriction wins): what waits, and what is counted
 * meanwhile, is forgotten. Afterwards it goes on.
 */
async function cannotReadTheChoice(stage: Stage, trouble: DiskTrouble): Promise<void> {
  const { random } = stage
  const life = await stage.life()
  await work(life, random, 2)
  await life.order({ do: 'setDisk', trouble })
  await work(life, random, 3, true)
  await life.order({ do: 'setDisk' })
  // It looks again with the next report, and until then goes by what it knows.
  await life.report()
  life.waive()
  await work(life, random, 1)
  await life.step()
  await life.end(anyEnd(random))
}

/** A host ends while its disk fails: what it has counted since then may be gone, and nothing else. */
async function diesMeanwhile(stage: Stage, trouble: DiskTrouble): Promise<void> {
  const { random } = stage
  const life = await stage.life()
  await work(life, random, 3)
  await life.order({ do: 'setDisk', trouble })
  await work(life, random, 3, true)
  await life.end(anyEnd(random), { unsure: true })
  const next = await stage.life()
  await work(next, random, 2)
  await next.end('shutdown')
}

/** What earlier lives have left lies on a disk that the next ones can only read. */
async function failsFromTheStart(stage: Stage, trouble: DiskTrouble): Promise<void> {
  const { random } = stage
  const before = await stage.life()
  await work(before, random, 2)
  await before.count()
  await before.end('shutdown')
  for (let lives = 0; lives < 2; lives++) {
    const life = await stage.life({ trouble })
    await work(life, random, 2, true)
    await life.end(anyEnd(random), { unsure: true })
  }
}

const fails = (
  name: string,
  what: string,
  trouble: DiskTrouble,
  how: (stage: Stage, trouble: DiskTrouble) => Promise<void> = failsForAWhile,
): Fault => ({ name, kind: 'disk', what: `${what} (emulated)`, play: (stage) => how(stage, trouble) })

/** The state directory is something else for a while. */
const inItsPlace = (name: string, what: string, put: (state: string) => Promise<void>): Fault => ({
  ...{ name, kind: 'disk', what },
  async play(stage) {
    const { random, state } = stage
    await put(state)
    const life = await stage.life()
    await work(life, random, 3, true)
    await rm(state, { force: true })
    await life.step()
    await life.end(anyEnd(random))
  },
})

export const disks: readonly Fault[] = [
  fails('full-for-a-while', 'the disk is full for a while: half of a write is made', FULL),
  fails('full-at-the-end', 'the host ends while the disk is full', FULL, diesMeanwhile),
  fails('full-from-the-start', 'hosts start and end while the disk is full', FULL, failsFromTheStart),
  fails('nearly-full', 'the disk is so full that some writes succeed and others do not', NEARLY_FULL),
  fails('nearly-full-at-the-end', 'and the host ends in it', NEARLY_FULL, diesMeanwhile),
  fails('read-only-for-a-while', 'the disk is read-only for a while', READ_ONLY),
  fails('read-only-from-the-start', 'hosts start and end on a read-only disk', READ_ONLY, failsFromTheStart),
  fails('no-permission', 'permission for everything but the choice is lost for a while', FORBIDDEN),
  fails('no-permission-at-the-end', 'permission is lost, and the host ends', FORBIDDEN, diesMeanwhile),
  fails(
    'no-permission-at-all',
    'permission is lost for a while, also to read the choice of the operator: that is a no',
    { code: FORBIDDEN.code, calls: FORBIDDEN.calls },
    cannotReadTheChoice,
  ),
  fails('io-errors', 'one change in five fails with EIO', ERRORS),
  fails(
    'io-errors-at-the-end',
    'one change in five fails with EIO, and the host ends',
    ERRORS,
    diesMeanwhile,
  ),
  fails('io-errors-in-reading', 'one read in five fails with EIO', {
    ...ERRORS,
    calls: ['read'],
    spares: CHOICE,
  }),
  fails('sync-fails', 'fsync fails with EIO', { code: 'EIO', calls: ['sync'] }),
  {
    name: 'cannot-sync',
    kind: 'disk',
    what: 'the file system never syncs a file (ENOTSUP, EINVAL, ENOSYS), and the hosts are killed (emulated)',
    async play(stage) {
      const { random } = stage
      const code = random.one(['ENOTSUP', 'EINVAL', 'ENOSYS'])
      for (let lives = 0; lives < 3; lives++) {
        const life = await stage.life({ trouble: { code, calls: ['sync'] } })
        await work(life, random, 3)
        await life.end(anyEnd(random))
      }
    },
  },
  {
    name: 'held-for-a-moment',
    kind: 'disk',
    what: 'for half a second, nobody can replace or remove a file (EPERM, EACCES, EBUSY), as on Windows while a virus scanner reads it (emulated)',
    async play(stage) {
      const { random } = stage
      const code = random.one(['EPERM', 'EACCES', 'EBUSY'])
      const life = await stage.life({ trouble: { code, calls: ['rename', 'unlink'], lasts: 500 } })
      await work(life, random, 4)
      await life.end(anyEnd(random))
    },
  },
  {
    name: 'read-only-and-a-choice',
    kind: 'disk',
    what: 'the disk can only be read when somebody opts out: that is refused, the host sends nothing more, and the next one does (emulated)',
    async play(stage) {
      const { random } = stage
      const before = await stage.life({ chooses: true })
      await work(before, random, 2)
      await before.step()
      await before.end('shutdown')
      const life = await stage.life({ chooses: true, trouble: READ_ONLY })
      await work(life, random, 2, true)
      const answer = await life.order({ do: 'choose', decision: 'disabled' })
      if (answer !== 'ERR_USAGE_NOT_STORED') stage.complain(`the choice was answered by ${answer}`)
      // What was counted until then goes with the consent, where it can be deleted.
      before.waive()
      await life.count()
      const outcome = await life.report({ unsure: true })
      if (outcome !== 'suppressed') stage.complain(`a report after the choice is ${outcome}`)
      life.waive()
      await life.end(anyEnd(random), { unsure: true })
    },
  },
  fails('no-handles', 'no file can be opened (EMFILE)', {
    ...{ code: 'EMFILE', calls: ['create', 'read'], spares: CHOICE },
  }),
  fails('held-by-others', 'renames and removals fail now and then (EBUSY), as with a virus scanner', {
    ...{ code: 'EBUSY', calls: ['rename', 'unlink'], chance: 0.3 },
  }),
  {
    name: 'no-links',
    kind: 'disk',
    what: 'the file system knows no links (EPERM), and the host is killed (emulated)',
    async play(stage) {
      const { random } = stage
      for (let lives = 0; lives < 2; lives++) {
        const life = await stage.life({
          trouble: { code: 'EPERM', calls: ['link'] },
          stop: { call: 'any', at: 1 + random.below(150), when: random.one(['before', 'after']) },
        })
        await work(life, random, 4)
        await life.end(anyEnd(random))
      }
    },
  },
  {
    name: 'slow-disk',
    kind: 'disk',
    what: 'each call takes up to 30 ms longer (emulated)',
    async play(stage) {
      const { random } = stage
      for (let lives = 0; lives < 2; lives++) {
        const life = await stage.life({ slow: 30 })
        await work(life, random, 2)
        await life.end(anyEnd(random))
      }
    },
  },
  {
    name: 'directory-removed',
    kind: 'disk',
    what: 'somebody removes the state directory while a host runs: what waited in it is gone, the rest goes on',
    async play(stage) {
      const { random, state } = stage
      const life = await stage.life()
      await work(life, random, 3)
      life.waive()
      await rm(state, { recursive: true })
      if (random.chance(0.5)) await life.report()
      await work(life, random, 2)
      await life.step()
      await life.end(anyEnd(random))
    },
  },
  inItsPlace(
    'file-in-its-place',
    'a file lies where the state directory should be, until it is removed',
    (state) => writeFile(state, 'not a directory'),
  ),
  inItsPlace(
    'link-to-nowhere',
    'the state directory is a symbolic link that leads nowhere, until it is removed',
    (state) => symlink('/nowhere/at/all', state),
  ),
  {
    name: 'spoilt-entries',
    kind: 'disk',
    what: 'between two lives, waiting reports and what is not counts is emptied, cut off or overwritten with garbage',
    async play(stage) {
      const { random, state, endpoint } = stage
      await endpoint.close()
      const life = await stage.life()
      await work(life, random, 4)
      await life.end(anyEnd(random))
      await endpoint.open()
      await mkdir(path.join(state, 'leases'), { recursive: true })
      const waiting = ['outbox/0000000001.json', 'outbox/0000000002.json', 'outbox/0000000003.json']
      for (const name of [
        ...waiting,
        'retry.json',
        'schedule.json',
        'ledger.jsonl',
        'leases/drain.0000000001.json',
      ]) {
        const garbage = random.one(['', '\n', '{', '{"format":1}\n', '\0'.repeat(100), 'x'])
        if (random.chance(0.6)) await writeFile(path.join(state, name), garbage).catch(() => {})
      }
      const next = await stage.life()
      await work(next, random, 2)
      await next.end(anyEnd(random))
    },
  },
]
