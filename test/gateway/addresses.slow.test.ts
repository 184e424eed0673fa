import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { collectorConfigFile } from '../../src/maintainer/package/package-files.ts'
import { callAwkwardly, listeningPorts } from './awkward-callers.ts'
import { filesWith, report, runGateway, send, theCollector } from './running-gateway.ts'
import { scratchDirectory } from './scratch.ts'

const skip = process.platform !== 'linux' && 'only Linux has a whole network on the loopback device'

// Go's HTTP server writes the address of a caller into its log for a handshake that failed, at the level `error`: with TLS in the
// Collector that was in the gateway's log.
test('whatever a caller does at any port, its address is in no log, no metric and no file', {
  skip,
}, async (t) => {
  const directory = await scratchDirectory(t)
  const tokens = path.join(directory, 'tokens')
  await writeFile(tokens, 'a-token\n')
  const stock = (await theCollector()).how === 'docker'
  const names = ['archive.yaml', 'versions.yaml', ...(stock ? [] : ['origin.yaml'])]
  const log: string[] = []
  const gateway = await runGateway(t, {
    directory,
    configs: names.map(collectorConfigFile),
    environment: {
      USAGE_GATEWAY_LOG_LEVEL: 'info',
      USAGE_GATEWAY_LATEST: 'acme-db=2.5.0',
      USAGE_GATEWAY_FEED: 'https://acme.example/versions.json',
      USAGE_GATEWAY_TRUSTED_PROXIES: '127.0.0.0/8',
    },
    onLine: (line) => log.push(line),
  })
  const ports = await listeningPorts(gateway.pid)
  assert.equal(ports.length, 5, 'reports, inner step, archive, health, metrics')
  const own = '127.9.8.7'
  const headers = {
    'content-type': 'application/json',
    'x-forwarded-for': '203.0.113.77',
    forwarded: 'for=203.0.113.78',
  }
  for (const { port } of ports) {
    await callAwkwardly({ port, localAddress: own })
    for (const body of [report(), Buffer.from('{"resourceMetrics":'), Buffer.alloc(300_000, ' ')]) {
      await send(`http://127.0.0.1:${port}`, body, { localAddress: own, headers }).catch(() => {})
    }
  }
  assert.equal((await send(gateway.url, report(), { localAddress: own, headers })).status, 200)
  const metrics = await (await fetch(gateway.metricsUrl)).text()
  await gateway.stop()
  const needles = [own, '7f090807', '203.0.113.7', Buffer.from([127, 9, 8, 7])]
  assert.deepEqual(await filesWith(path.join(directory, 'gateway'), needles), [])
  for (const text of [log.join('\n'), metrics]) assert.doesNotMatch(text, /127\.9\.8\.7|203\.0\.113/)
  assert.ok(log.length > 0)
})

test('no overlay of ours has the Collector speak TLS, whose failed handshakes it logs with addresses', () => {
  assert.ok(!existsSync(path.join(path.dirname(collectorConfigFile('gateway.yaml')), 'tls.yaml')))
})
