import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scratchDirectory } from '../gateway/scratch.ts'
import { letPass } from '../gateway/stored-reports.ts'
import { playFleet } from './play.ts'

test('of a fleet that has lived through everything the store knows exactly what was sent', async (t) => {
  const { happened, compared, sent, answered, rebuilt } = await playFleet(t, {
    // Of a few seeds the one by which most installations ask to be forgotten.
    ...{ directory: await scratchDirectory(t), installations: 300, days: 10, seed: 231 },
    letMinutePass: (store) => letPass(store, 61),
  })
  assert.ok(sent > 1_500, `${sent}`)
  assert.ok(answered > 400, `${answered}`)
  assert.deepEqual(rebuilt.summary.refusals, [])
  assert.ok(rebuilt.summary.forgotten > 0)
  assert.equal(rebuilt.answered, answered)
  for (const [event, times] of Object.entries(happened)) assert.ok(times > 0, event)
  for (const { question, truth, differences } of [...compared, ...rebuilt.compared]) {
    assert.deepEqual(differences.slice(0, 10), [], question)
    assert.ok(truth.numbers > 0, question)
  }
})
