import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'

/** Storage of the library's own asynchronous context, which {@link inOwnContext} keeps. */
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
 * Creates a resource without asynchronous context. A new resource captures the current context, such as a request of the host's that
 * is just importing the library. Node.js has no API to remove the context, so this clears all symbol properties except the ids.
 */
function createOutside(): AsyncResource {
  const resource = new AsyncResource('otel-usage', { requireManualDestroy: true })
  for (const symbol of Object.getOwnPropertySymbols(resource)) {
    if (!symbol.description?.endsWith('async_id_symbol')) Reflect.set(resource, symbol, undefined)
  }
  return resource
}
