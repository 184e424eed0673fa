/** Loaded by `--import`: resolves the doors of the package to their sources, so that the demo needs no build. */
import { registerHooks } from 'node:module'

registerHooks({
  resolve(specifier, context, nextResolve) {
    const found = /^otel-usage(?:\/(?<door>[a-z]+))?$/.exec(specifier)
    if (!found) return nextResolve(specifier, context)
    const door = found.groups?.['door'] ?? 'index'
    return { url: new URL(`../../src/${door}.ts`, import.meta.url).href, shortCircuit: true }
  },
})
