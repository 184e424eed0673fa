import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzzFeed } from './fuzz-feed.ts'

test('of 3,000 hostile feeds nothing is shown that should not be; npm run fuzz:feed throws 100,000', async () => {
  const { read, refused, shown } = await fuzzFeed({ feeds: 3_000, seed: 20_261_127 })
  // Otherwise nothing would have been looked at.
  assert.ok(read > 300 && refused > 300 && shown > 300, JSON.stringify({ read, refused, shown }))
})
