/** The fault matrix in its short form: every fault once. `npm run test:faults` is the long one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faults } from './matrix/index.ts'
import { playAll, wrongs } from './run.ts'

const SEED = 1

test('every fault has its own name', () => {
  assert.ok(faults.length >= 40)
  assert.equal(new Set(faults.map(({ name }) => name)).size, faults.length)
})

test('whatever goes wrong: nothing is lost, nothing arrives twice, and no host is hurt', async (t) => {
  const played = new Map(
    (await playAll({ faults, seeds: [SEED], jobs: 6 })).map((one) => [one.fault.name, one]),
  )
  for (const { name, what } of faults) {
    const { runs = [], skipped } = played.get(name) ?? {}
    await t.test(`${name}: ${what}`, { skip: skipped ?? false }, () => {
      for (const result of runs) {
        const again = `again: npm run test:faults -- --fault ${name} --seed ${result.seed}`
        assert.deepEqual(wrongs(result), [], again)
        assert.ok(result.begun > 0)
      }
    })
  }
})
