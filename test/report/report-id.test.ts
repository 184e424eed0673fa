import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createReportIds } from '../../src/library/report/index.ts'

test('a report id is a UUID of version 7 that begins with the time of the report', () => {
  const time = Date.UTC(2026, 10, 21, 7, 46)
  const id = createReportIds().next(time)
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16), time)
})

test('the id stays the same until a report has used it', () => {
  const ids = createReportIds()
  const first = ids.next(1)
  assert.equal(ids.next(1), first)
  ids.use()
  assert.notEqual(ids.next(1), first)
})

test('ids sort by time', () => {
  const ids = createReportIds()
  const sorted = [0, 1, 999, 1_000, Date.UTC(2026), Date.UTC(2100)].map((time) => ids.next(time))
  assert.deepEqual(sorted.toSorted(), sorted)
})
