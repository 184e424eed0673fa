import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFeed } from '../../src/feed/index.ts'
import { startProcessorTime } from '../support/processor-time.ts'
import { fuzzFeed } from './fuzz-feed.ts'

test('of 3,000 hostile feeds nothing is shown that should not be; npm run fuzz:feed throws 100,000', async () => {
  const { read, refused, shown } = await fuzzFeed({ feeds: 3_000, seed: 20_261_127 })
  // Otherwise nothing would have been looked at.
  assert.ok(read > 300 && refused > 300 && shown > 300, JSON.stringify({ read, refused, shown }))
})

// Each quotation mark of a string without an end was tried as the beginning of another one: the host stood still for a second.
for (const [what, end] of [
  ['without an end', ''],
  ['that ends in the middle of an escape', '\\'],
] as const) {
  test(`a feed that is one string ${what} is refused at once`, () => {
    const bytes = Buffer.from(`{"product":"${'\\"'.repeat(32_000)}${end}`)
    const used = startProcessorTime()
    const { problem } = readFeed(bytes, { product: 'acme-db', now: 0 })
    assert.equal(problem, 'is not JSON')
    assert.ok(used() < 150, `${used()} ms of the processor`)
  })
}
