/** Processes that share a state store agree on one id, in whatever order what they do to the store takes effect. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { createHost } from './host.ts'

const STORED = '0b7c1d1e-5f0a-4c3e-9a57-2f6d1f1f3a10'

const FOUND: Record<string, string | undefined> = {
  'no entry': undefined,
  'a torn entry': '{"id":"0b7c1d1e',
  'an id without its secret': `{"id":"${STORED}","createdAt":"2025-06-01T00:00:00.000Z"}`,
  'a secret without an id': `{"secret":"${STORED}","createdAt":"2025-06-01T00:00:00.000Z"}`,
}

for (const [what, content] of Object.entries(FOUND)) {
  for (const dying of [0, 1]) {
    const title = `${what}: processes that keep at once agree${dying ? ', also when one of them dies on the way' : ''}`
    test(title, async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), fc.integer({ min: 0, max: 8 }), async (scheduler, steps) => {
          const inner = createMemoryStore()
          if (content !== undefined) await inner.write('installation.json', content)
          const process = async (lives: number) => {
            const installation = createHost(scheduled(inner, scheduler, lives)).install()
            await installation.propose()
            await installation.keep()
            return [(await installation.propose()).id, await installation.secret()]
          }
          for (let index = 0; index < dying; index++) void process(steps)
          const survivors = Promise.all([process(Infinity), process(Infinity), process(Infinity)])
          const said = await scheduler.waitFor(survivors)
          for (const one of said) assert.deepEqual(one, said[0])
          assert.equal(await createHost(inner).install().stored(), said[0]?.[0])
        }),
        { numRuns: 500 },
      )
    })
  }
}

/** A store whose steps wait for their turn; after `lives` steps none comes any more, as when the process has died. */
function scheduled(inner: StateStore, scheduler: fc.Scheduler, lives: number): StateStore {
  let left = lives
  const step = async <T>(action: () => Promise<T>): Promise<T> => {
    if (left-- <= 0) return new Promise(() => {})
    await scheduler.schedule(Promise.resolve())
    return action()
  }
  return {
    ...inner,
    read: (name) => step(() => inner.read(name)),
    write: (name, data) => step(() => inner.write(name, data)),
    create: (name, data) => step(() => inner.create(name, data)),
    remove: (name) => step(() => inner.remove(name)),
  }
}
