import { setImmediate } from './natives.ts'

/** Yields to the event loop between the steps of long work, so that other callbacks wait for one step at most. */
export const yieldToEventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Calls a function on the next turn of the event loop. */
export const onNextTurn = (call: () => void): void => void setImmediate(call)
