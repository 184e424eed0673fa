import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { type Courier, deliverAside } from '../../src/maintainer/stack/queue/aside.ts'
import { type BoltFile, openBolt } from '../../src/maintainer/stack/queue/bolt-file.ts'
import { BUCKET, LEAF, writeMeta, writePage } from '../../src/maintainer/stack/queue/bolt-page.ts'
import { guardQueue } from '../../src/maintainer/stack/queue/guard-queue.ts'
import {
  putBack,
  QUEUE_FILE,
  queueState,
  readDispatched,
} from '../../src/maintainer/stack/queue/queue-file.ts'
import { scratchDirectory } from './scratch.ts'

const PAGE = 4096

/** A file as bbolt makes it: two meta pages, and a tree with an empty bucket. */
async function emptyFile(t: TestContext): Promise<string> {
  const file = path.join(await scratchDirectory(t), QUEUE_FILE)
  await mkdir(path.dirname(file), { recursive: true })
  await writeEmpty(file)
  return file
}

async function writeEmpty(file: string): Promise<void> {
  const inlined = Buffer.concat([Buffer.alloc(16), writePage({ id: 0, kind: LEAF, elements: [] }, 16)])
  const bucket = { key: Buffer.from('default'), value: inlined, child: 0, flags: BUCKET }
  const meta = { pageSize: PAGE, root: 2, rootSequence: 0n, freelist: undefined, end: 3 }
  const bytes = Buffer.alloc(3 * PAGE)
  writeMeta({ ...meta, transaction: 0n }).copy(bytes, 0)
  writeMeta({ ...meta, transaction: 1n }).copy(bytes, PAGE)
  writePage({ id: 2, kind: LEAF, elements: [bucket] }, PAGE).copy(bytes, 2 * PAGE)
  await writeFile(file, bytes)
}

const withFile = <Result>(file: string, use: (bolt: BoltFile) => Result): Result => {
  const bolt = openBolt(file, 'r+')
  try {
    return use(bolt)
  } finally {
    bolt.close()
  }
}

const contents = (bolt: BoltFile) =>
  Object.fromEntries([...bolt.keys()].map((key) => [key, bolt.get(key)?.toString('latin1')]))

test('what changes in the file of the queue is there when it is opened again, and nothing else', async (t) => {
  const file = await emptyFile(t)
  const key = fc.nat(400).map(String)
  const value = fc.option(
    fc.nat(9_000).map((size) => Buffer.alloc(size, size % 256)),
    { nil: undefined },
  )
  const edits = fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(fc.array(edits, { maxLength: 5 }), async (transactions) => {
      await writeEmpty(file)
      const expected = new Map<string, string>()
      for (const transaction of transactions) {
        withFile(file, (bolt) => bolt.apply(new Map(transaction)))
        for (const [name, bytes] of transaction) {
          if (bytes === undefined) expected.delete(name)
          else expected.set(name, bytes.toString('latin1'))
        }
        assert.deepEqual(withFile(file, contents), Object.fromEntries(expected))
      }
    }),
    { numRuns: 30 },
  )
})

test('a change of which only a part reached the disk has not happened', async (t) => {
  const file = await emptyFile(t)
  withFile(file, (bolt) => bolt.apply(new Map([['0', Buffer.from('first')]])))
  const before = await readFile(file)
  withFile(file, (bolt) => bolt.apply(new Map([['0', undefined]])))
  const after = await readFile(file)
  // The pages of the change are there, and one of the two meta pages is cut off in its middle.
  const changed = [0, PAGE].find(
    (at) => !before.subarray(at, at + 80).equals(after.subarray(at, at + 80)),
  ) as number
  before.copy(after, changed + 40, changed + 40, changed + 80)
  await writeFile(file, after)
  assert.deepEqual(withFile(file, contents), { 0: 'first' })
})

/** A queue of numbered items, with what is under way. */
function queueOf(items: readonly number[], read: number, dispatched: readonly number[]): Map<string, Buffer> {
  const state = Buffer.alloc(4 * 9 + 2 + 8 * dispatched.length)
  for (const [index, value] of [
    items.length,
    1_000,
    read,
    Math.max(read, ...items.map((n) => n + 1)),
  ].entries()) {
    state.writeUInt8((index + 1) * 8 + 1, index * 9)
    state.writeBigInt64LE(BigInt(value), index * 9 + 1)
  }
  state.writeUInt8(0x2a, 36)
  state.writeUInt8(8 * dispatched.length, 37)
  for (const [index, value] of dispatched.entries()) state.writeBigUInt64LE(BigInt(value), 38 + 8 * index)
  return new Map([['qmv0', state], ...items.map((number) => [String(number), item(number)] as const)])
}

/** An item of the queue: a version, a context, and a request with one report that is its number. */
function item(number: number): Buffer {
  return Buffer.concat([
    Buffer.from([0x0d, 1, 0, 0, 0, 0x12, 0, 0x1a, reportOf(number).length]),
    reportOf(number),
  ])
}

/** A report that has nothing but a schema address. */
const reportOf = (number: number) => {
  const address = Buffer.from(`number ${String(number).padStart(3, '0')}`)
  return Buffer.from([0x0a, address.length + 2, 0x1a, address.length, ...address])
}

test('what was under way is read again after a start, and nothing is under way', async (t) => {
  const file = await emptyFile(t)
  const cases = fc
    .record({ before: fc.uniqueArray(fc.nat(15), { maxLength: 6 }), waiting: fc.nat(5), gone: fc.boolean() })
    .map(({ before, waiting, gone }) => ({
      dispatched: before,
      // Of one of those under way the item is gone.
      items: [
        ...(gone ? before.slice(1) : before),
        ...Array.from({ length: waiting }, (_, index) => 16 + index),
      ],
    }))
  await fc.assert(
    fc.asyncProperty(cases, async ({ dispatched, items }) => {
      await writeEmpty(file)
      withFile(file, (bolt) => bolt.apply(queueOf(items, 16, dispatched)))
      withFile(file, (bolt) => putBack(bolt))
      withFile(file, (bolt) => {
        const state = queueState(bolt)
        assert.ok(state)
        assert.deepEqual(state.dispatched, [])
        const inOrder = Array.from({ length: Number(state.write - state.read) }, (_, index) =>
          bolt.get(String(state.read + BigInt(index))),
        )
        const wanted = items.map((number) => item(number).toString('latin1'))
        assert.deepEqual(new Set(inOrder.map((bytes) => bytes?.toString('latin1'))), new Set(wanted))
        assert.equal([...bolt.keys()].length, items.length + 1)
      })
    }),
    { numRuns: 60 },
  )
})

test('after a crash what was under way is beside the queue; after an ordinary end it is in it', async (t) => {
  const directory = await scratchDirectory(t)
  const file = path.join(directory, 'queue', QUEUE_FILE)
  await mkdir(path.dirname(file))
  await writeEmpty(file)
  withFile(file, (bolt) => bolt.apply(queueOf([3, 4, 16, 17], 16, [3, 4])))
  const notices: string[] = []
  const guard = () => guardQueue({ directory, onNotice: (sentence) => notices.push(sentence) })

  const first = await guard()
  assert.deepEqual(
    withFile(file, (bolt) => queueState(bolt)?.dispatched),
    [],
  )
  assert.equal(
    withFile(file, (bolt) => queueState(bolt)?.read),
    14n,
  )
  await first.ended({ crashed: false })
  withFile(file, (bolt) => bolt.apply(queueOf([14, 15, 16, 17], 16, [14, 15])))
  const second = await guard()
  assert.deepEqual(notices, [])
  withFile(file, (bolt) => bolt.apply(queueOf([14, 15, 16, 17], 16, [14, 15])))
  await second.ended({ crashed: true })

  await guard()
  assert.deepEqual(Object.keys(withFile(file, contents)), ['16', '17', 'qmv0'])
  assert.match(notices.join(), /has crashed\. 2 reports that it was sending to the store are in '/)
  const [kept = ''] = await readdir(path.join(directory, 'aside'))
  assert.deepEqual(
    await readFile(path.join(directory, 'aside', kept)),
    Buffer.concat([reportOf(14), reportOf(15)]),
  )
})

test('of many reports the one that ends a Collector is found and kept, and the others are sent', async (t) => {
  const directory = await scratchDirectory(t)
  await mkdir(path.join(directory, 'aside'))
  const reports = Array.from({ length: 100 }, (_, number) => reportOf(number))
  await writeFile(path.join(directory, 'aside', '1.reports'), Buffer.concat(reports))
  const sent: Buffer[] = []
  let couriers = 0
  const startCourier = async (): Promise<Courier> => {
    couriers += 1
    let isDead = false
    return {
      deliver: async (request) => {
        isDead = request.includes(reportOf(42))
        if (isDead) throw new Error('it has ended')
        sent.push(request)
      },
      hasDied: () => isDead,
      stop: async () => {},
    }
  }
  const notices: string[] = []
  const onNotice = (sentence: string) => notices.push(sentence)
  await deliverAside({ directory, startCourier, onNotice, signal: new AbortController().signal })
  assert.deepEqual(
    new Set(
      Buffer.concat(sent)
        .toString('latin1')
        .match(/\n.{3}number \d+/gs),
    ),
    new Set(reports.filter((_, number) => number !== 42).map((report) => report.toString('latin1'))),
  )
  const left = await readdir(path.join(directory, 'aside'))
  assert.equal(left.length, 1)
  assert.match(left[0] ?? '', /\.kept$/)
  assert.deepEqual(await readFile(path.join(directory, 'aside', left[0] ?? '')), reportOf(42))
  assert.ok(couriers <= 9, String(couriers))
  assert.match(notices.join(), /A report alone has ended a Collector/)
})

test('a queue that another process has open is left alone', {
  skip: process.platform !== 'linux' && 'Linux lists the locks of files',
}, async (t) => {
  const directory = await scratchDirectory(t)
  const file = path.join(directory, 'queue', QUEUE_FILE)
  await mkdir(path.dirname(file))
  await writeEmpty(file)
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; sleep 100'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  t.after(() => process.kill(-(holder.pid as number)))
  await new Promise((resolve) => holder.stdout.once('data', resolve))
  await assert.rejects(guardQueue({ directory, onNotice: () => {} }), {
    code: 'ERR_USAGE_QUEUE_UNUSABLE',
    message: /Another process has the queue '.+' open\. End the other Collector/,
  })
})

test('each kind of damage is noticed, and none is taken for a queue', async (t) => {
  const file = await emptyFile(t)
  const whole = queueOf(
    Array.from({ length: 40 }, (_, index) => 20 + index),
    20,
    [],
  )
  for (const number of whole.keys()) if (number !== 'qmv0') whole.set(number, Buffer.alloc(700, 1))
  withFile(file, (bolt) => bolt.apply(whole))
  const good = await readFile(file)
  for (const [damage, bytes] of Object.entries({
    'an empty file': Buffer.alloc(0),
    'nothing but zeros': Buffer.alloc(good.length),
    'a file cut in half': good.subarray(0, good.length / 2),
    'no beginning': Buffer.concat([Buffer.alloc(2 * PAGE), good.subarray(2 * PAGE)]),
    'zeros behind its beginning': Buffer.concat([
      good.subarray(0, 2 * PAGE),
      Buffer.alloc(good.length - 2 * PAGE),
    ]),
  })) {
    await writeFile(file, bytes)
    assert.throws(() => withFile(file, queueState), { name: 'BoltDamage' }, damage)
  }
  await writeFile(file, good)
  withFile(file, (bolt) => bolt.apply(new Map([['qmv0', undefined]])))
  assert.throws(() => withFile(file, queueState), { name: 'BoltDamage' }, 'the state is missing')
  withFile(file, (bolt) => bolt.apply(new Map([['qmv0', Buffer.from([9, 1, 2])]])))
  assert.throws(() => withFile(file, queueState), { name: 'BoltDamage' }, 'the state is cut off')
})

test('an item that cannot be read is not taken out of the queue', async (t) => {
  const file = await emptyFile(t)
  const queue = queueOf([3], 16, [3])
  queue.set('3', Buffer.concat([item(3).subarray(0, 8), Buffer.from([200])]))
  withFile(file, (bolt) => bolt.apply(queue))
  assert.throws(() => withFile(file, readDispatched), RangeError)
})
