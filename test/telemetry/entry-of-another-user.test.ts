/** Root has made an entry in the directory of a service, readable by nobody else: it costs that entry, and is said once. */
import assert from 'node:assert/strict'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { UsageTelemetry } from '../../src/index.ts'
import { type AcmeFacts, createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const NOBODY = 65_534
const asRoot = process.getuid?.() === 0 ? {} : { skip: 'only root can make a file of root' }
const COUNT = 'acme.commands{command=find,result=ok}'
const count = (usage: UsageTelemetry<AcmeFacts>, amount: number) =>
  usage.counter('acme.commands').add(amount, { command: 'find', result: 'ok' })
const countsAt = ({ received }: Receiver) => received.map(({ json }) => numbersOf(json)[COUNT])

/** The system calls of this process are those of the service until it is over. */
async function asService<R>(action: () => Promise<R>): Promise<R> {
  process.setegid?.(NOBODY)
  process.seteuid?.(NOBODY)
  try {
    return await action()
  } finally {
    process.seteuid?.(0)
    process.setegid?.(0)
  }
}

/** The entry is root's from now on, whether it was there or not. */
function takeAway(file: string): void {
  mkdirSync(path.dirname(file), { recursive: true })
  chownSync(path.dirname(file), NOBODY, NOBODY)
  if (!existsSync(file)) writeFileSync(file, '{}\n')
  chownSync(file, 0, 0)
  chmodSync(file, 0o600)
}

const entries = [
  'outbox/0000000001.json',
  'outbox/0000000002.json',
  'outbox/0000000009.json',
  'acknowledged/0000000001.json',
  'acknowledged/0000000009.json',
  'counts/11111111-1111-4111-8111-111111111111.json',
  'leases/drain.0000000001.json',
  'leases/drain.0000000009.json',
  'ledger.jsonl',
  'ledger/0000000001-01234567.jsonl',
  'schedule.json',
  'retry.json',
  'product.json',
  'detached.json',
  'erasure.json',
  'installation.json',
]

/** Entries that nothing asks for in these lives, so that there is nothing to say of them. */
const NOT_READ = [
  'outbox/0000000001.json',
  'ledger/0000000001-01234567.jsonl',
  'detached.json',
  'erasure.json',
]

for (const name of entries) {
  const isRead = !NOT_READ.includes(name)
  test(
    `${name} is root's: the service goes on to report, nothing is counted twice${isRead ? ', and it is said once by each process that finds it' : ''}`,
    asRoot,
    async () => {
      using scratch = createScratch()
      await using receiver = await startReceiver()
      const directory = path.join(scratch.directory, 'usage')
      chmodSync(scratch.directory, 0o755)
      mkdirSync(directory)
      chownSync(directory, NOBODY, NOBODY)
      const [log, nextLog] = [createLog(), createLog()]
      const options = { endpoint: receiver.endpoint, state: directory }

      await asService(async () => {
        const before = createAcme(options)
        await before.start()
        count(before, 100)
        assert.equal((await before.report()).outcome, 'sent')
        await before.shutdown()
      })
      assert.deepEqual(countsAt(receiver), [100])
      takeAway(path.join(directory, name))

      await asService(async () => {
        const usage = createAcme({ ...options, logger: log })
        assert.equal((await usage.start()).state, 'enabled')
        for (const amount of [5, 2, 1]) {
          count(usage, amount)
          assert.equal((await usage.report()).outcome, 'sent')
        }
        await usage.shutdown()
        // What was sent is known to the next process, too.
        const next = createAcme({ ...options, logger: nextLog })
        await next.start()
        count(next, 3)
        assert.equal((await next.report()).outcome, 'sent')
        await next.shutdown()
      })
      assert.deepEqual(countsAt(receiver), [100, 5, 2, 1, 3])
      const saying = [log, nextLog].map(({ lines }) => lines.filter((line) => line.includes(`/${name} `)))
      for (const lines of saying) assert.ok(lines.length <= 1, lines.join('\n'))
      if (isRead) assert.match(saying.flat()[0] ?? '', /^warn: .*\(EACCES\).*Give it to the user/)
      // That nothing can be written where a line is to be added is one more thing to say.
      const warnings = [...log.lines, ...nextLog.lines].filter((line) => line.startsWith('warn'))
      assert.ok(warnings.length <= 4, warnings.join('\n'))
    },
  )
}

for (const mode of [0o700, 0o755]) {
  test(
    `the folder of the counts is root's (${mode.toString(8)}): the service goes on to report what it counts itself, and each fault is said once`,
    asRoot,
    async () => {
      using scratch = createScratch()
      await using receiver = await startReceiver()
      const directory = path.join(scratch.directory, 'usage')
      const folder = path.join(directory, 'counts')
      chmodSync(scratch.directory, 0o755)
      mkdirSync(folder, { recursive: true })
      chownSync(directory, NOBODY, NOBODY)
      chownSync(folder, 0, 0)
      chmodSync(folder, mode)
      const log = createLog()
      await asService(async () => {
        const usage = createAcme({ endpoint: receiver.endpoint, state: directory, logger: log })
        assert.equal((await usage.start()).state, 'enabled')
        for (const amount of [5, 2, 1]) {
          count(usage, amount)
          assert.equal((await usage.report()).outcome, 'sent')
        }
        await usage.shutdown()
      })
      assert.deepEqual(countsAt(receiver), [5, 2, 1])
      const warnings = log.lines.filter((line) => line.startsWith('warn'))
      assert.ok(warnings.length > 0)
      assert.deepEqual(warnings, [...new Set(warnings)])
    },
  )
}

for (const name of ['outbox', 'acknowledged']) {
  test(
    `the folder ${name} is root's: what the service counts waits, and is reported once when the folder is given back`,
    asRoot,
    async () => {
      using scratch = createScratch()
      await using receiver = await startReceiver()
      const directory = path.join(scratch.directory, 'usage')
      const folder = path.join(directory, name)
      chmodSync(scratch.directory, 0o755)
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      chownSync(directory, NOBODY, NOBODY)
      for (const amount of [5, 2]) {
        if (amount === 2) chownSync(folder, NOBODY, NOBODY)
        await asService(async () => {
          const usage = createAcme({ endpoint: receiver.endpoint, state: directory })
          await usage.start()
          count(usage, amount)
          assert.equal((await usage.report()).outcome, 'sent')
          await usage.shutdown()
        })
      }
      assert.deepEqual(countsAt(receiver), [undefined, 7])
    },
  )
}

test(
  'a command that root runs in the directory of a service is in nobody’s way: the service reports what root has counted',
  asRoot,
  async () => {
    using scratch = createScratch()
    await using receiver = await startReceiver()
    const directory = path.join(scratch.directory, 'usage')
    chmodSync(scratch.directory, 0o755)
    mkdirSync(directory, { mode: 0o700 })
    chownSync(directory, NOBODY, NOBODY)
    const log = createLog()
    const options = { endpoint: receiver.endpoint, state: directory, logger: log }

    const command = createAcme({ ...options, consent: { default: 'undecided' } })
    await command.start()
    count(command, 7)
    await command.consent.set('enabled', { by: 'root' })
    count(command, 5)
    await command.shutdown()

    await asService(async () => {
      const service = createAcme({ ...options, consent: { default: 'undecided' } })
      assert.equal((await service.start()).state, 'enabled')
      count(service, 2)
      assert.equal((await service.report()).outcome, 'sent')
      await service.shutdown()
    })
    assert.deepEqual(countsAt(receiver), [7])
    assert.deepEqual(
      log.lines.filter((line) => line.startsWith('warn')),
      [],
    )
    assert.ok(readdirSync(directory).length > 3)
  },
)
