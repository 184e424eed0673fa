/**
 * Lets Node.js 22 run the tests. Their source has `using`, which esbuild rewrites when a file is loaded. The test runner of Node.js 22 also
 * ends a file while a test waits for an unreferenced timer; later runners wait. `node scripts/test.ts` loads this module by itself; for one
 * file: `node --import ./scripts/older-syntax.mjs --test test/telemetry/report.test.ts`. The package is built for
 * Node.js 22 and needs none of this.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { afterEach, beforeEach } from 'node:test'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'

registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith('file:') || !url.endsWith('.ts') || url.includes('/node_modules/'))
      return nextLoad(url, context)
    const file = fileURLToPath(url)
    const { code } = transformSync(readFileSync(file, 'utf8'), {
      loader: 'ts',
      format: 'esm',
      target: 'node22',
      sourcemap: 'inline',
      sourcefile: file,
    })
    return { format: 'module', source: code, shortCircuit: true }
  },
})

const whileTested = setInterval(() => {}, 2 ** 30).unref()
beforeEach(() => void whileTested.ref())
afterEach(() => void whileTested.unref())
