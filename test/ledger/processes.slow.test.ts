import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { setTimeout as passed } from 'node:timers/promises'
import { createLedger, type Ledger } from '../../src/library/ledger/index.ts'
import { createDirectoryStore } from '../../src/state/index.ts'
import { bundled } from '../support/bundled.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { entry, idsIn } from './stores.ts'

const PROCESSES = 6
const REPORTS = 40
/** All that is written has room. A segment ends with each report, or with those that come at once: their dates are old. */
const MAX_SIZE = 200_000 * PROCESSES

const programs = createScratch()
after(() => programs[Symbol.dispose]())
const program = bundled(path.join(import.meta.dirname, 'hosts/append.ts'), programs.directory)
const environment = { ...process.env, NODE_COMPILE_CACHE: path.join(programs.directory, 'compiled') }

test('six processes that write into one ledger and cut it lose no report, double none, tear none', async () => {
  using scratch = createScratch()
  const hosts = Array.from({ length: PROCESSES }, (_, index) => startHost(scratch.directory, `${index}`))
  const ledger = createLedger(createDirectoryStore(scratch.directory))
  while (hosts.some(({ isRunning }) => isRunning())) await readsWhole(ledger, hosts.flatMap(writtenBy))
  for (const { written } of hosts) assert.equal(written.length, REPORTS)

  assert.deepEqual((await idsIn(ledger.entries())).toSorted(), hosts.flatMap(writtenBy).toSorted())
  assert.deepEqual(await ledger.check(), { entries: PROCESSES * REPORTS, torn: 0 })
  assert.ok(readdirSync(path.join(scratch.directory, 'ledger')).length > 3)
})

test('processes that are killed at any moment have lost nothing that was written down, and doubled nothing', async () => {
  using scratch = createScratch()
  const ledger = createLedger(createDirectoryStore(scratch.directory))
  const hosts: Host[] = []
  for (let round = 0; round < 12; round++) {
    const pair = [`${round}a`, `${round}b`].map((name) => startHost(scratch.directory, name, 100_000))
    hosts.push(...pair)
    await until(() => pair.every(({ written }) => written.length > 0))
    await passed(7 * round)
    for (const { child } of pair) child.kill('SIGKILL')
    await until(() => !pair.some(({ isRunning }) => isRunning()))
    await readsWhole(ledger, hosts.flatMap(writtenBy))
  }
  const { entries, torn } = await ledger.check()
  // Each may have written one report that it could not say any more, or a part of it.
  assert.ok(entries + torn <= hosts.flatMap(writtenBy).length + hosts.length)
})

const hasTail = process.platform !== 'win32' && !spawnSync('tail', ['--version']).error
test('tail -F shows every report, also while the ledger is cut', { skip: !hasTail }, async () => {
  using scratch = createScratch()
  const ledger = createLedger(createDirectoryStore(scratch.directory), { maxSize: 10_000 })
  await ledger.append(entry({ reportId: '0' }))
  const child = spawn('tail', ['-n', '+1', '-F', path.join(scratch.directory, 'ledger.jsonl')])
  const seen: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => seen.push(JSON.parse(line).reportId))
  try {
    for (let number = 1; number < 15; number++) {
      await until(() => seen.length === number)
      await ledger.append(entry({ reportId: `${number}` }))
    }
    await until(() => seen.length === 15)
    assert.deepEqual(seen, await idsIn(ledger.entries()))
    assert.ok(readdirSync(path.join(scratch.directory, 'ledger')).length > 1)
  } finally {
    child.kill()
  }
})

interface Host {
  readonly child: ChildProcess
  /** The ids of the reports that it has said to be written. */
  readonly written: readonly string[]
  isRunning(): boolean
}

function startHost(directory: string, name: string, reports = REPORTS): Host {
  const child = spawn(process.execPath, [program, directory, `${MAX_SIZE}`, name, `${reports}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment,
  })
  const written: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => written.push(line))
  let isRunning = true
  once(child, 'close').then(() => {
    isRunning = false
  })
  return { child, written, isRunning: () => isRunning }
}

const writtenBy = ({ written }: Host) => written

/** What was written before is there once, each report whole. */
async function readsWhole(ledger: Ledger, before: readonly string[]): Promise<void> {
  const ids = new Set<string>()
  for await (const { reportId, bytes } of ledger.entries()) {
    assert.ok(!ids.has(reportId), `${reportId} is there twice`)
    assert.equal(JSON.parse(String(Buffer.from(bytes ?? ''))).reportId, reportId)
    ids.add(reportId)
  }
  for (const id of before) assert.ok(ids.has(id), `${id} is missing`)
  await new Promise((resolve) => setImmediate(resolve))
}
