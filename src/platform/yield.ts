import { setImmediate } from './natives.ts'

/** Lets the event loop take its turn: whoever else waits for it waits for one step of a long piece of work, and not for all of it. */
export const yieldToEventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
