/**
 * Loaded before each test file. To assign an uncaught error to a test, `node:test` follows every promise, timer and request until it is
 * garbage-collected, which takes a part of the processor time of all tests. An AsyncLocalStorage gives the same answer at no cost. If a
 * later Node.js works differently, an uncaught error fails the file instead of the test.
 */
const asyncHooks = process.getBuiltinModule('node:async_hooks')
const { tracingChannel } = process.getBuiltinModule('node:diagnostics_channel')

const { createHook, executionAsyncId, executionAsyncResource } = asyncHooks
type Callbacks = Parameters<typeof createHook>[0]

const testId = new asyncHooks.AsyncLocalStorage<number>()
let follow: Callbacks['init']
tracingChannel('node.test').start.bindStore(testId, () => {
  const id = executionAsyncId()
  follow?.(id, 'Test', 0, executionAsyncResource())
  return id
})

/**
 * Makes the hook of `node:test`, which is called for its tests only. Where Node.js 22 starts a test, the test cannot be found: there, the
 * hook follows all but promises.
 */
function createTestHook(callbacks: Callbacks): ReturnType<typeof createHook> {
  if (process.versions.node.startsWith('22.')) return createHook({ ...callbacks, trackPromises: false })
  follow = callbacks.init
  return createHook({})
}

// `node:test` reads these functions while it is loaded, below.
Object.assign(asyncHooks, {
  createHook: createTestHook,
  executionAsyncId: () => testId.getStore() ?? executionAsyncId(),
})
process.getBuiltinModule('node:test')
Object.assign(asyncHooks, { createHook, executionAsyncId })
