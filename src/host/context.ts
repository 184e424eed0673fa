import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Runs a function outside every asynchronous context of the host, as if called when this module was loaded. Without it,
 * the host's baggage (user ids and the like) would follow a timer or a request that the host's code happened to start.
 */
export const outsideHostContext: <R>(run: () => R) => R = AsyncLocalStorage.snapshot()
