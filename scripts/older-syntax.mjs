/**
 * Lets Node.js 22 run the tests. Their source uses `using`, which esbuild rewrites while a file is loaded. And its runner ends a file
 * when nothing keeps the process alive, though a test still waits for a timer that does not; later runners wait. `node scripts/test.ts` does it by
 * itself; for one file: `node --import ./scripts/older-syntax.mjs --test test/telemetry/report.test.ts`. The package is built for
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
