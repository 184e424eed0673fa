/** The log of reports at its largest, and with a foreign file in its place. */
import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createScratch } from '../support/scratch.ts'
import { ALICE, type Ask, serve } from './served.ts'

const ENTRIES = 5_000

/** Writes a log of about 10 MiB, as the library writes it: nine full segments and the one that grows. */
function writeLedger(directory: string): void {
  const report = JSON.stringify({ resourceMetrics: [{ padding: 'x'.repeat(1_850) }] })
  mkdirSync(path.join(directory, 'ledger'), { recursive: true, mode: 0o700 })
  const files = Array.from({ length: 10 }, (_, index) =>
    index === 9 ? 'ledger.jsonl' : `ledger/000000000${index + 1}-0000000${index}.jsonl`,
  )
  for (let number = 0; number < ENTRIES; number++) {
    const about = {
      at: new Date(Date.UTC(2026, 0, 1) + number * 1_000).toISOString(),
      reportId: idOf(number),
      outcome: 'suppressed',
      reason: 'DO_NOT_TRACK=1',
      endpoint: 'https://usage.acme.example/v1/metrics',
    }
    const file = path.join(directory, files[Math.floor((number / ENTRIES) * files.length)] as string)
    appendFileSync(file, `${JSON.stringify(about).slice(0, -1)},"report":${report}}\n`, { mode: 0o600 })
  }
}

const idOf = (number: number) => `01a1fd46-2141-78d9-b2ae-${String(number).padStart(12, '0')}`

/** Reads all pages; returns the ids, and how far the memory has grown meanwhile, in bytes. */
async function readAll(ask: Ask): Promise<{ ids: string[]; grown: number }> {
  const ids: string[] = []
  const before = process.memoryUsage().rss
  let grown = 0
  let next: string | undefined
  do {
    const { status, json } = await ask(`/telemetry/reports?limit=200${next ? `&before=${next}` : ''}`)
    assert.equal(status, 200)
    ids.push(...json.entries.map(({ reportId }: { reportId: string }) => reportId))
    next = json.next
    grown = Math.max(grown, process.memoryUsage().rss - before)
  } while (next !== undefined)
  return { ids, grown }
}

test('a log at its largest, and a foreign file of 1 GB in its place, are paged in constant memory', async () => {
  using scratch = createScratch()
  writeLedger(scratch.directory)
  const acme = { state: scratch.directory, environment: { DO_NOT_TRACK: '1' } }
  await using served = await serve({ authorize: () => ALICE }, acme)
  await readAll(served.ask)
  const full = await readAll(served.ask)
  assert.deepEqual(
    full.ids,
    Array.from({ length: ENTRIES }, (_, index) => idOf(ENTRIES - 1 - index)),
  )
  assert.ok(full.grown < 60e6, `${full.grown} bytes`)

  const growing = path.join(scratch.directory, 'ledger.jsonl')
  writeFileSync(growing, '')
  truncateSync(growing, 1e9)
  const foreign = await readAll(served.ask)
  assert.equal(foreign.ids.length, ENTRIES * 0.9)
  assert.ok(foreign.grown < 150e6, `${foreign.grown} bytes`)
  assert.equal((await served.ask(`/telemetry/reports/${idOf(0)}`)).status, 200)
  assert.equal((await served.ask('/telemetry/status')).status, 200)
})
