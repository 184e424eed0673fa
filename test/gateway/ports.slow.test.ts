import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { freePort } from '../../src/gateway.ts'
import { collectorConfigFile } from '../../src/maintainer/package/package-files.ts'
import { LOOPBACK, listeningPorts } from './awkward-callers.ts'
import { aGateway } from './lasting-gateway.ts'
import { archiveOf, filesWith, report, runGateway, send } from './running-gateway.ts'
import { scratchDirectory } from './scratch.ts'

const skip = process.platform !== 'linux' && 'only Linux says which ports a process has'

test('each port of a gateway is on the loopback device, unless the operator opens it', {
  skip,
}, async (t) => {
  const gateway = await runGateway(t, {
    directory: await scratchDirectory(t),
    configs: [collectorConfigFile('archive.yaml')],
  })
  const ports = await listeningPorts(gateway.pid)
  assert.equal(ports.length, 5)
  for (const { address } of ports) assert.ok(LOOPBACK.includes(address), address)
})

// Every local user reaches the loopback device, and so does a page in a local browser whose name was led there (DNS rebinding).
// What such a page sent to the inner step, unchecked, was answered with 200.
test('behind the checks nobody but the gateway sends anything', { skip }, async (t) => {
  const directory = await scratchDirectory(t)
  const inner = `http://127.0.0.1:${await freePort()}`
  const archive = `http://127.0.0.1:${await freePort()}`
  const gateway = await runGateway(t, {
    directory,
    configs: [collectorConfigFile('archive.yaml')],
    environment: {
      USAGE_GATEWAY_INNER_ENDPOINT: new URL(inner).host,
      USAGE_GATEWAY_ARCHIVE_ENDPOINT: new URL(archive).host,
    },
  })
  const headers = { 'content-type': 'application/json' }
  const rebound = { host: 'evil.example:4319', origin: 'http://evil.example:4319' }
  for (const url of [inner, archive]) {
    for (const more of [{}, rebound, { authorization: 'Bearer inner-step' }, { authorization: 'Bearer ' }]) {
      const answer = await send(url, report(), { headers: { ...headers, ...more } })
      assert.equal(answer.status, 401, JSON.stringify(more))
    }
    // The Collector has no words for its 401 in an unknown type, and says 500.
    const plain = await send(url, report(), { headers: { 'content-type': 'text/plain' } })
    assert.equal(plain.status, 500)
  }
  assert.equal((await send(gateway.url, report())).status, 200)
  assert.equal((await archiveOf(gateway)).length, 1)
  const command = await readFile(`/proc/${gateway.pid}/cmdline`, 'utf8')
  const environment = await readFile(`/proc/${gateway.pid}/environ`, 'utf8')
  const token = /USAGE_GATEWAY_INNER_TOKEN=([^\0]+)/.exec(environment)?.[1] ?? ''
  assert.match(token, /^[0-9a-f]{64}$/)
  assert.ok(!command.includes(token))
  await gateway.stop()
  assert.deepEqual(await filesWith(directory, [token]), [])
})

test('the command of the unit and the image makes a token for the inner step too', { skip }, async (t) => {
  const gateway = await aGateway(t, { environment: { USAGE_GATEWAY_INNER_TOKEN: '' } })
  const running = await gateway.runCommand()
  const body = Buffer.from(JSON.stringify(report()))
  for (const token of ['inner-step', 'of-this-test', '']) {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    assert.equal((await send(gateway.innerUrl, body, { headers })).status, 401)
  }
  assert.equal((await send(gateway.url, body)).status, 200)
  await running.stop()
})

test('a page in a browser can send nothing that is a report to another origin, and is not allowed more', async (t) => {
  const gateway = await runGateway(t, { directory: await scratchDirectory(t) })
  const origin = 'https://evil.example'
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=a',
    '',
  ]) {
    const headers = { 'content-type': type, origin, 'sec-fetch-mode': 'no-cors' }
    assert.equal((await send(gateway.url, report(), { headers })).status, 415, type)
  }
  const asked = await send(gateway.url, '', {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  })
  assert.equal(asked.status, 405)
  assert.equal(asked.headers['access-control-allow-origin'], undefined)
})
