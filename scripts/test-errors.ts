/**
 * Loaded before each test file. To know to which test an uncaught error belongs, `node:test` follows every promise until it is
 * collected as garbage: most of the processor time of a test that makes a million of them. An AsyncLocalStorage knows the same
 * for nothing. Where a later Node.js does not ask in this way any more, the tests are slower and otherwise the same.
 */
const asyncHooks = process.getBuiltinModule('node:async_hooks')
const { tracingChannel } = process.getBuiltinModule('node:diagnostics_channel')

const { createHook, executionAsyncId } = asyncHooks
const testId = new asyncHooks.AsyncLocalStorage<number>()
tracingChannel('node.test').start.bindStore(testId, () => executionAsyncId())

// Only what `node:test` takes when it is loaded, which is here.
Object.assign(asyncHooks, {
  createHook: (callbacks: Parameters<typeof createHook>[0]) =>
    createHook({ ...callbacks, trackPromises: false }),
  executionAsyncId: () => testId.getStore() ?? executionAsyncId(),
})
process.getBuiltinModule('node:test')
Object.assign(asyncHooks, { createHook, executionAsyncId })
