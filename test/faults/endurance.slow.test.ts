/** The short form of `npm run test:faults -- --endurance 10m`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endure, tellEndurance } from './endurance.ts'

test('hosts that are killed at random while their endpoint misbehaves end with exactly the sum they counted, at the real Collector', async (t) => {
  const result = await endure({ duration: 15_000, killCollectorEvery: 6_000 })
  t.diagnostic(tellEndurance(result))
  const { lost, doubled, torn, crashes, unhandled, isWaiting } = result
  assert.deepEqual(
    { lost, doubled, torn, crashes, unhandled, isWaiting },
    { lost: 0, doubled: 0, torn: 0, crashes: [], unhandled: [], isWaiting: false },
  )
  assert.ok(result.certain > 0 && result.reports > 0, tellEndurance(result))
})
