/**
 * Globals that the library uses, read once when the host imports it: test runners replace timers and dates by fakes, jsdom and
 * Electron by timers that are numbers, zone.js by its own promises and timers. All other files import globals from here; a lint
 * rule of biome enforces this.
 *
 * Globals that were replaced before the import come from the modules of Node.js, or from the properties where zone.js and
 * `@sinonjs/fake-timers` (Vitest, Jest, Sinon) keep the originals. Node.js has loaded all of them at its start, so they cost nothing.
 */
const host = globalThis

export const process = host.process

/** Returns a module of Node.js. An old Node.js has no `getBuiltinModule`; this file must load there too, see `runtime.ts`. */
const builtin = <M extends object>(name: string): M =>
  (process.getBuiltinModule?.(name) ?? host) as unknown as M

/** Module `node:util`: its classes are those of Node.js, also if the globals were replaced. */
export const util = builtin<typeof import('node:util')>('node:util')

export const { TextDecoder, TextEncoder } = util
export const { Buffer } = builtin<typeof import('node:buffer')>('node:buffer')
export const { URL } = builtin<typeof import('node:url')>('node:url')

export type Buffer = globalThis.Buffer
export type URL = globalThis.URL

export const Date = originalOf(host, 'Date')
export type Date = globalThis.Date

/** Returns the milliseconds since 1970 by the process's clock. */
export const dateNow = Date.now

/** Returns the nanoseconds of the monotonic clock. */
export const hrtime = originalOf(process, 'hrtime')?.bigint

/** Returns a random number from 0 to 1, 1 excluded. Not for secrets. */
export const { random } = host.Math

const timers = builtin<typeof import('node:timers')>('node:timers')

export const setTimeout = originalOf(timers, 'setTimeout')
export const clearTimeout = originalOf(timers, 'clearTimeout')
export const setInterval = originalOf(timers, 'setInterval')
export const clearInterval = originalOf(timers, 'clearInterval')
export const setImmediate = originalOf(timers, 'setImmediate')

/** Promise with the functions that settle it. An own type, for hosts whose `lib` is older than `Promise.withResolvers`. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T | PromiseLike<T>) => void
  readonly reject: (reason?: unknown) => void
}

/** Creates a promise with the functions that settle it. Some versions of zone.js remove `Promise.withResolvers`. */
export function createDeferred<T = void>(): Deferred<T> {
  let resolve: Deferred<T>['resolve'] = () => {}
  let reject: Deferred<T>['reject'] = () => {}
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return { promise, resolve, reject }
}

/** Groups items by a key. Keys and items keep their order. */
export function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

function originalOf<O extends object, K extends keyof O & string>(owner: O, name: K): O[K] {
  const keptBy = (keeper: unknown, as: string) => Reflect.get(Object(keeper), as) as O[K] | undefined
  const value = owner[name]
  return keptBy(owner, `__zone_symbol__${name}`) ?? keptBy(keptBy(value, 'clock'), `_${name}`) ?? value
}
