import assert from 'node:assert/strict'

/** Until something is so: network and disk are real, and take a few turns of the event loop. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, `it did not come to this: ${isSo}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
