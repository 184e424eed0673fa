/** The fault matrix in its short form: every fault once. `npm run test:faults` is the long one. */
import assert from 'node:assert/strict'
import { chmod } from 'node:fs/promises'
import { test } from 'node:test'
import { bundled } from '../support/bundled.ts'
import { createScratch } from '../support/scratch.ts'
import { HOST } from './life.ts'
import { faults } from './matrix/index.ts'
import { playAll, wrongs } from './run.ts'

const SEED = 1

test('every fault has its own name', () => {
  assert.ok(faults.length >= 40)
  assert.equal(new Set(faults.map(({ name }) => name)).size, faults.length)
})

test('whatever goes wrong: nothing is lost, nothing arrives twice, and no host is hurt', async (t) => {
  using scratch = createScratch()
  // 300 hosts. The long form runs them as they are.
  const program = bundled(HOST, scratch.directory)
  await chmod(scratch.directory, 0o755)
  const results = await playAll({ faults, seeds: [SEED], jobs: 6, program })
  const played = new Map(results.map((one) => [one.fault.name, one]))
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
