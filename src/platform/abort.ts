import { util } from './natives.ts'

/**
 * What calls off a request. In a file of its own, as no start needs it: Node.js loads it when it is looked at.
 *
 * It is that of Node.js, whose timers are its own, and not jsdom's: no module gives the class, but this function gives one of it.
 */
const controller = util.transferableAbortController?.() ?? new globalThis.AbortController()
export const AbortController = controller.constructor as typeof globalThis.AbortController
export const AbortSignal = controller.signal.constructor as typeof globalThis.AbortSignal

export type AbortController = globalThis.AbortController
export type AbortSignal = globalThis.AbortSignal
