/** Loaded by `--import`: resolves the package's own name to its source, so that the demo needs no build. */
import { registerHooks } from 'node:module'

const doors = new Map([['otel-usage', new URL('../../src/index.ts', import.meta.url).href]])

registerHooks({
  resolve(specifier, context, nextResolve) {
    const door = doors.get(specifier)
    return door === undefined ? nextResolve(specifier, context) : { url: door, shortCircuit: true }
  },
})
