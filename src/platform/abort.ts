import { util } from './natives.ts'

/**
 * `AbortController` and `AbortSignal` of Node.js. In a separate file, because no start needs them and Node.js loads them lazily.
 *
 * The globals may be jsdom's, whose timers a test can fake. No module of Node.js exports the classes, but this function returns an
 * instance.
 */
const controller = util.transferableAbortController?.() ?? new globalThis.AbortController()
export const AbortController = controller.constructor as typeof globalThis.AbortController
export const AbortSignal = controller.signal.constructor as typeof globalThis.AbortSignal

export type AbortController = globalThis.AbortController
export type AbortSignal = globalThis.AbortSignal
