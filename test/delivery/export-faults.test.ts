/** Whatever fails around an export, what was counted arrives once: reports that arrive twice have one id. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMemoryStore, type ExportDocument, type StateStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { attributesOf, numbersOf, type OtlpRequest, startReceiver } from '../support/receiver.ts'

const FIND = { command: 'find', result: 'ok' } as const
const FOUND = 'acme.commands{command=find,result=ok}'

/** A store of which the changes fail from the n-th on, until it is mended. `isDone`: the change is made all the same. */
function failing(inner: StateStore) {
  let [left, isDone] = [Number.POSITIVE_INFINITY, false]
  const change =
    <A extends unknown[], R>(action: (...about: A) => Promise<R>) =>
    async (...about: A): Promise<R> => {
      if (left-- > 0) return action(...about)
      if (isDone) await action(...about)
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    }
  return {
    state: {
      ...inner,
      write: change(inner.write),
      create: change(inner.create),
      append: change(inner.append),
      remove: change(inner.remove),
    },
    failAfter(changes: number, areDone: boolean) {
      ;[left, isDone] = [changes, areDone]
    },
    mend() {
      left = Number.POSITIVE_INFINITY
    },
  }
}

const step = fc.record({
  count: fc.integer({ min: 1, max: 9 }),
  does: fc.constantFrom('report', 'export', 'export that is not saved', 'another process exports'),
  failsAfter: fc.option(fc.nat(14), { nil: undefined }),
  areDone: fc.boolean(),
})

test('counts arrive once, in whatever order reports are made, sent and exported, and whichever change of the store fails', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const store = failing(createMemoryStore())
      const clock = createFakeClock()
      const usage = createAcme({ state: store.state, clock })
      const other = createAcme({ state: store.state, clock })
      const reports = new Map<unknown, number>()
      const save = ({ bytes }: ExportDocument) => {
        for (const one of (JSON.parse(Buffer.from(bytes).toString()) as OtlpRequest).resourceMetrics) {
          const report = { resourceMetrics: [one] }
          reports.set(attributesOf(report)['usage.report.id'], numbersOf(report)[FOUND] ?? 0)
        }
      }
      const refuse = () => Promise.reject(new Error('the stick is full'))
      let counted = 0
      await usage.report()
      for (const { count, does, failsAfter, areDone } of steps) {
        usage.counter('acme.commands').add(count, FIND)
        counted += count
        if (failsAfter !== undefined) store.failAfter(failsAfter, areDone)
        if (does === 'report') await usage.report()
        else if (does === 'export') await usage.export(save)
        else if (does === 'another process exports') await other.export(save)
        else await usage.export(refuse)
        store.mend()
        await clock.advance(20_000)
      }
      for (let rest = 0; rest < 4; rest++) {
        await usage.export(save)
        await clock.advance(20_000)
      }
      const arrived = [...reports.values()].reduce((sum, one) => sum + one, 0)
      assert.equal(arrived, counted)
    }),
    { numRuns: 12 },
  )
})

test('a report that was exported is not sent when the network is back', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const closed = createAcme({ state })
  closed.counter('acme.commands').add(3, FIND)
  await closed.export(() => {})
  await closed.shutdown()
  const open = createAcme({ state, endpoint: receiver.endpoint })
  open.counter('acme.commands').add(2, FIND)
  await open.report()
  assert.deepEqual(
    receiver.received.map(({ json }) => numbersOf(json)[FOUND]),
    [2],
  )
})
