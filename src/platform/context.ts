import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'

/** What of the asynchronous context is the library's own, and goes along with {@link inOwnContext}. */
export const ownContext = new AsyncLocalStorage<unknown>()

const outside = createOutside()

/**
 * Runs a function outside every asynchronous context. Without it, the host's baggage (user ids and the like) would follow a timer or
 * a request that the host's code happened to start, and stay in memory as long as those do.
 */
export function outsideHostContext<R>(run: () => R): R {
  return outside.runInAsyncScope(run)
}

/** Runs a function outside every asynchronous context of the host's, and within the library's own. */
export function inOwnContext<R>(run: () => R): R {
  const own = ownContext.getStore()
  return outsideHostContext(() => (own === undefined ? run() : ownContext.run(own, run)))
}

/**
 * A resource takes on the context of the moment, which is a request of the host's where that imports the library in the middle of
 * one. Node.js has no other way out of it than to take it off the resource again: it lies under symbols, as do the resource's ids.
 */
function createOutside(): AsyncResource {
  const resource = new AsyncResource('otel-usage', { requireManualDestroy: true })
  for (const symbol of Object.getOwnPropertySymbols(resource)) {
    if (!symbol.description?.endsWith('async_id_symbol')) Reflect.set(resource, symbol, undefined)
  }
  return resource
}
