// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what the Collector would expand.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import path from 'node:path'
import { test } from 'node:test'
import { report, runGateway, send } from './running-gateway.ts'
import { scratchDirectory } from './scratch.ts'

// The Collector took `$$` for `$` and `${…}` for a variable, and reads a value like YAML.
for (const password of [
  ...[
    'pa$word',
    'pa$$word',
    'a${env:HOME}b',
    '${env:NOWHERE}',
    '0123',
    'null',
    '# x',
    '"y\' {z}: [&*!',
    '~',
    'é%24 \\',
  ],
]) {
  test(`the password ${JSON.stringify(password)} reaches the store as it is`, async (t) => {
    const store = createServer((request, response) => {
      request.resume()
      response.writeHead(500).end()
    })
    store.listen(0, '127.0.0.1')
    await once(store, 'listening')
    t.after(() => store.close())
    t.after(() => store.closeAllConnections())
    const asked = once(store, 'request')
    const { port } = store.address() as { port: number }
    const gateway = await runGateway(t, {
      directory: await scratchDirectory(t),
      nativeEndpoint: `http://me:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    })
    assert.equal((await send(gateway.url, report())).status, 200)
    const [{ headers, url }] = await asked
    const [, basic = ''] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? []
    const sent = headers['x-clickhouse-key'] ?? Buffer.from(basic, 'base64').toString().slice('me:'.length)
    assert.equal(sent, password, JSON.stringify({ headers, url }))
  })
}

test('a gateway whose directory and overlay have a $ in their paths writes where it should', async (t) => {
  const directory = path.join(await scratchDirectory(t), 'a$$b${env:HOME}$c')
  await mkdir(directory)
  const overlay = path.join(directory, 'more$$.yaml')
  await writeFile(overlay, 'exporters: { clickhouse: { timeout: 9s } }\n')
  const gateway = await runGateway(t, { directory, configs: [overlay] })
  assert.equal((await send(gateway.url, report())).status, 200)
  assert.deepEqual(await readdir(path.join(directory, 'gateway', 'archive')), ['usage.jsonl'])
  assert.equal((await readdir(path.join(directory, 'gateway', 'queue'))).length > 0, true)
})
