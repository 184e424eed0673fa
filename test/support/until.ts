import assert from 'node:assert/strict'
import { setImmediate, setTimeout } from 'node:timers/promises'

/** Waits until something is so: network and disk are real. It leaves the processor to those that it waits for. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 90_000
  for (let turn = 0; !(await isSo()); turn++) {
    assert.ok(performance.now() < deadline, `it did not come to this: ${isSo}`)
    await (turn < 20 ? setImmediate() : setTimeout(5))
  }
}
