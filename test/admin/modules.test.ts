/** What a host loads of the page and the interface, and when. Uses the build in `dist`. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

test('nothing of the page and the interface is loaded before the first request, and no package at all', async () => {
  const script = `
    import { registerHooks } from 'node:module'
    import http from 'node:http'
    const loaded = []
    registerHooks({ load: (url, context, next) => { if (url.startsWith('file:')) loaded.push(url); return next(url, context) } })
    const { createMemoryStore, createUsageTelemetry, defineCatalog } = await import('otel-usage')
    const usage = createUsageTelemetry({
      product: { name: 'acme', version: '1.0.0' }, catalog: defineCatalog({ version: 1, prefix: 'acme', facts: {} }),
      endpoint: 'http://127.0.0.1:9', consent: { default: 'disabled' }, state: createMemoryStore(), environment: {},
    })
    await usage.start()
    const counts = [loaded.length]
    const { createAdminHandler } = await import('otel-usage/admin')
    const globals = Object.getOwnPropertyNames(globalThis).length
    const handler = createAdminHandler(usage, { authorize: () => ({ by: 'alice', read: true, write: true }) })
    const server = http.createServer(handler)
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    counts.push(loaded.length)
    const answer = await fetch('http://127.0.0.1:' + server.address().port + '/telemetry/status')
    counts.push(loaded.length)
    server.close()
    server.closeAllConnections()
    await usage.shutdown()
    console.log(JSON.stringify({
      counts, status: answer.status, globals: Object.getOwnPropertyNames(globalThis).length - globals,
      packages: loaded.filter((url) => url.includes('/node_modules/')), names: loaded.map((url) => url.split('/').at(-1)),
    }))
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: path.resolve(import.meta.dirname, '../..'),
  })
  const { counts, status, globals, packages, names } = JSON.parse(stdout)
  const [atStart, mounted, asked] = counts
  assert.deepEqual([status, packages, globals], [200, [], 0])
  assert.ok(mounted - atStart <= 3, names.join(', '))
  assert.ok(asked > mounted)
  assert.ok(!names.slice(0, mounted).some((name: string) => name.startsWith('app-')), names.join(', '))
})
