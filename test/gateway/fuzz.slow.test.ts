import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzzGateway } from './fuzz-gateway.ts'
import { scratchDirectory } from './scratch.ts'

test('of five thousand hostile bodies none ends the gateway, and nothing of them is kept that is not declared', async (t) => {
  // Others are tried by `npm run fuzz:gateway`.
  const seed = 1
  const answers = await fuzzGateway(t, { directory: await scratchDirectory(t), bodies: 5_000, seed })
  t.diagnostic(JSON.stringify(answers))
  assert.ok((answers[200] ?? 0) > 1_000 && (answers[400] ?? 0) > 500, JSON.stringify(answers))
})
