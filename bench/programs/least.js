/** Loads only what any such library needs: files, a timer, an address, a date, an asynchronous context. */
export async function start() {
  await import('./empty/one.js')
  await import('./empty/two.js')
  const { AsyncLocalStorage } = await import('node:async_hooks')
  AsyncLocalStorage.snapshot()
  setTimeout(() => {}, 300_000).unref()
  return [new URL('http://127.0.0.1:9').host, new Date().toISOString()]
}
