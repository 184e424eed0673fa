/**
 * What the library uses of the globals, taken when the host imports it, and never looked for there again: test runners put fake
 * timers and dates in their place, jsdom and Electron timers that are numbers, zone.js promises and timers of its own. Whoever wants a
 * global takes it from here; biome holds that.
 *
 * What was replaced before the import comes from the modules of Node.js, or from where those who replaced it keep the original, as far
 * as that is known: zone.js, and `@sinonjs/fake-timers`, which Vitest, Jest and Sinon use. All of it is there when Node.js has
 * started, and costs a start nothing.
 */
const host = globalThis

export const process = host.process

/** On a Node.js that has no such function this module must load all the same: `runtime.ts` is about it. */
const builtin = <M extends object>(name: string): M =>
  (process.getBuiltinModule?.(name) ?? host) as unknown as M

/** Of Node.js, whatever stands in the global scope. */
export const util = builtin<typeof import('node:util')>('node:util')

export const { TextDecoder, TextEncoder } = util
export const { Buffer } = builtin<typeof import('node:buffer')>('node:buffer')
export const { URL } = builtin<typeof import('node:url')>('node:url')

export type Buffer = globalThis.Buffer
export type URL = globalThis.URL

export const Date = originalOf(host, 'Date')
export type Date = globalThis.Date

/** Milliseconds since 1970 by the process's clock. */
export const dateNow = Date.now

/** Nanoseconds of the monotonic clock. */
export const hrtime = originalOf(process, 'hrtime')?.bigint

/** Numbers from 0 up to 1, 1 excepted. Anybody may guess them. */
export const { random } = host.Math

const timers = builtin<typeof import('node:timers')>('node:timers')

export const setTimeout = originalOf(timers, 'setTimeout')
export const clearTimeout = originalOf(timers, 'clearTimeout')
export const setInterval = originalOf(timers, 'setInterval')
export const clearInterval = originalOf(timers, 'clearInterval')
export const setImmediate = originalOf(timers, 'setImmediate')

/** A promise, and what settles it. The type of our own is for hosts whose `lib` is older than `Promise.withResolvers`. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T | PromiseLike<T>) => void
  readonly reject: (reason?: unknown) => void
}

/** Makes a promise, and what settles it. `Promise.withResolvers` is not everywhere: some versions of zone.js take it away. */
export function createDeferred<T = void>(): Deferred<T> {
  let resolve: Deferred<T>['resolve'] = () => {}
  let reject: Deferred<T>['reject'] = () => {}
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return { promise, resolve, reject }
}

/** The items by a key, keys and items in the order in which they come. */
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
