/**
 * Loaded before each test file. To assign an uncaught error to a test, `node:test` follows every promise until it is garbage-collected,
 * which takes most of the processor time of a test with a million promises. An AsyncLocalStorage gives the same answer at no cost. If a
 * later Node.js works differently, the tests are slower and otherwise the same.
 */
const asyncHooks = process.getBuiltinModule('node:async_hooks')
const { tracingChannel } = process.getBuiltinModule('node:diagnostics_channel')

const { createHook, executionAsyncId } = asyncHooks
const testId = new asyncHooks.AsyncLocalStorage<number>()
tracingChannel('node.test').start.bindStore(testId, () => executionAsyncId())

// `node:test` reads these functions while it is loaded, below.
Object.assign(asyncHooks, {
  createHook: (callbacks: Parameters<typeof createHook>[0]) =>
    createHook({ ...callbacks, trackPromises: false }),
  executionAsyncId: () => testId.getStore() ?? executionAsyncId(),
})
process.getBuiltinModule('node:test')
Object.assign(asyncHooks, { createHook, executionAsyncId })
