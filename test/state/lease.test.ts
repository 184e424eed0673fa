import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { type ProcessOwner, systemClock } from '../../src/platform/index.ts'
import { createDirectoryStore, createMemoryStore, takeLease } from '../../src/state/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createScratch } from '../support/scratch.ts'

const living: ProcessOwner = { pid: 1, host: 'a', hasEnded: () => false }

function createTask(owner: ProcessOwner = living) {
  const store = createMemoryStore()
  const clock = createFakeClock()
  const take = (by = owner, at = clock) => takeLease({ store, clock: at, task: 'drain', owner: by })
  return { store, clock, take }
}

test('one process at a time holds a task, and the next one when it is released', async () => {
  const { store, take } = createTask()
  const lease = await take()
  assert.ok(lease)
  assert.equal(await take(), undefined)
  await lease.release()
  assert.ok(await take())
  assert.equal((await store.list('leases')).length, 1)
})

test('of twenty that ask at once, one has it', async () => {
  const { take } = createTask()
  const leases = await Promise.all(Array.from({ length: 20 }, () => take()))
  assert.equal(leases.filter(Boolean).length, 1)
})

test('a holder that is silent for too long loses its lease; when it wakes up, it learns that', async () => {
  const { clock, take } = createTask()
  const asleep = await take()
  await clock.advance(15_000)
  const successor = await take()
  assert.ok(successor)
  assert.equal(await asleep?.renew(), false)
  assert.equal(await successor.renew(), true)
})

test('a holder that renews holds on', async () => {
  const { clock, take } = createTask()
  const lease = await take()
  for (let turn = 0; turn < 5; turn++) {
    await clock.advance(10_000)
    assert.equal(await lease?.renew(), true)
    assert.equal(await take(), undefined)
  }
})

test('a holder on this machine that was killed loses its lease at once; one elsewhere, when its time is over', async () => {
  const { take } = createTask()
  const pid = Number(execFileSync(process.execPath, ['-p', 'String(process.pid)'], { encoding: 'utf8' }))
  const hasEnded = (one: number) => one === pid
  await take({ pid, host: 'a', hasEnded })
  assert.equal(await take({ pid: 2, host: 'b', hasEnded }), undefined)
  assert.ok(await take({ pid: 2, host: 'a', hasEnded }))
})

test('clocks that differ by years do not keep a task from being done', async () => {
  const { clock, take } = createTask()
  const ahead = createFakeClock(clock.now() + 10 * 365 * 86_400_000)
  await take(living, ahead)
  assert.ok(await take())
})

test('a holder whose clock is ahead by as long as a lease runs holds it; one that is further ahead does not', async () => {
  for (const [ahead, holds] of [
    [15_000, true],
    [15_001, false],
  ] as const) {
    const { clock, take } = createTask()
    await take(living, createFakeClock(clock.now() + ahead))
    assert.equal((await take()) === undefined, holds, String(ahead))
  }
})

test('an entry that cannot be understood holds nothing', async () => {
  const { store, clock, take } = createTask()
  const until = clock.now() + 1_000
  const odd = [
    ...[
      { pid: '1', host: 'b', until },
      { pid: 1.5, host: 'b', until },
      { host: 'b', until },
    ],
    ...[
      { pid: 1, until },
      { pid: 1, host: 7, until },
      { pid: 1, host: 'b' },
    ],
    { pid: 1, host: 'b', until: String(until) },
  ]
  for (const content of ['{"pid":', '', 'null', ...odd.map((one) => JSON.stringify(one))]) {
    await store.write('leases/drain.0000000007.json', content)
    const lease = await take()
    assert.ok(lease, content)
    assert.deepEqual(await store.list('leases'), ['leases/drain.0000000008.json'])
    await lease.release()
  }
})

test('leases of other tasks, and other files in their folder, make no difference', async () => {
  const { store, take } = createTask()
  const others = ['leases/drain.1.json', 'leases/drain.1000000000.json', 'leases/other.0000000099.json']
  for (const name of others) await store.write(name, '{}')
  const lease = await take()
  assert.equal(await lease?.renew(), true)
  assert.deepEqual(await store.list('leases'), ['leases/drain.0000000001.json', ...others].sort())
})

test('leases that are over are removed, a hundred at a time; those that cannot be removed do no harm', async () => {
  const { store, take } = createTask()
  for (let number = 1; number <= 150; number++)
    await store.write(`leases/drain.${String(number).padStart(10, '0')}.json`, '{}')
  const lease = await take()
  assert.equal((await store.list('leases')).length, 51)
  assert.equal(await lease?.renew(), true)
})

const canUnshare = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0

test('a container does not take a living process of another one for ended, also where both have one host name', {
  skip: !canUnshare,
}, async () => {
  using scratch = createScratch()
  const take = `
    import { systemClock } from './src/platform/index.ts'
    import { createDirectoryStore, takeLease } from './src/state/index.ts'
    const store = createDirectoryStore(process.argv[1])
    const isTaken = (await takeLease({ store, clock: systemClock, task: 'drain' })) !== undefined
    console.log(\`\${process.pid} \${isTaken}\`)
  `
  const node = [process.execPath, '--no-warnings', '--input-type=module', '--eval', take, scratch.directory]
  const root = path.resolve(import.meta.dirname, '../..')
  const lease = await takeLease({
    store: createDirectoryStore(scratch.directory),
    clock: systemClock,
    task: 'drain',
  })
  assert.ok(lease)
  const inContainer = () =>
    execFileSync('unshare', ['--pid', '--fork', '--mount-proc', ...node], { cwd: root, encoding: 'utf8' })
  assert.match(inContainer(), /^\d{1,2} false\n$/)
  await lease.release()
  assert.match(inContainer(), /^\d{1,2} true\n$/)
})
