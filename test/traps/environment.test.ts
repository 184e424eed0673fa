/**
 * Symptom: the host's API keys and client certificate arrive at the maintainer's gateway.
 * Cause: the standard OTLP exporter takes headers, certificates and the endpoint from the host's `OTEL_EXPORTER_OTLP_*`
 * variables, and merges the headers even where the code gives its own.
 * Each test has the standard exporter beside ours, so that it shows the trap as well as the way around it.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { bareEnvironment } from '../support/bare-environment.ts'
import { bundled } from '../support/bundled.ts'
import { startReceiver } from '../support/receiver.ts'

const run = promisify(execFile)
const certificate = (name: string) => path.join(import.meta.dirname, 'certificates', name)

const hostOf = (name: string) => bundled(path.join(import.meta.dirname, 'hosts', `${name}.ts`))
const HOSTS = { usage: hostOf('usage'), 'standard-exporter': hostOf('standard-exporter') }

function host(name: 'usage' | 'standard-exporter', endpoint: string, environment: Record<string, string>) {
  return run(process.execPath, [HOSTS[name], endpoint], {
    env: { ...bareEnvironment(), ...environment },
  })
}

test("the host's OTEL_EXPORTER_OTLP_HEADERS do not reach the gateway", async () => {
  await using receiver = await startReceiver()
  const environment = {
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer HOST-SECRET',
    OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-vendor-team=HOST-SECRET',
  }
  await host('standard-exporter', receiver.endpoint, environment)
  assert.equal(receiver.received[0]?.headers.authorization, 'Bearer HOST-SECRET')

  await host('usage', receiver.endpoint, environment)
  const { headers } = receiver.received[1] ?? assert.fail('no report')
  assert.deepEqual(Object.keys(headers).toSorted(), [
    'accept-encoding',
    'connection',
    'content-encoding',
    'content-length',
    'content-type',
    'host',
    'user-agent',
  ])
})

test("the host's OTEL_EXPORTER_OTLP_ENDPOINT does not divert reports, nor do its proxy-like settings add anything", async () => {
  await using hosts = await startReceiver()
  await using gateway = await startReceiver()
  await host('usage', gateway.endpoint, {
    OTEL_EXPORTER_OTLP_ENDPOINT: hosts.endpoint,
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${hosts.endpoint}/v1/metrics`,
    OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_SERVICE_NAME: 'host-service',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=customer-x',
  })
  assert.equal(hosts.connections, 0)
  assert.equal(gateway.received.length, 1)
  assert.doesNotMatch(gateway.received[0]?.body.toString() ?? '', /host-service|customer-x/)
})

test("the host's OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is not shown to the gateway", async () => {
  const seen: Array<string | undefined> = []
  const server = https.createServer(
    {
      key: readFileSync(certificate('server.key')),
      cert: readFileSync(certificate('server.crt')),
      ca: readFileSync(certificate('authority.crt')),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      seen.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN as string | undefined)
      request.resume()
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    },
  )
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const endpoint = `https://localhost:${(server.address() as AddressInfo).port}`
  const environment = {
    NODE_EXTRA_CA_CERTS: certificate('authority.crt'),
    OTEL_EXPORTER_OTLP_CERTIFICATE: certificate('authority.crt'),
    OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: certificate('client.crt'),
    OTEL_EXPORTER_OTLP_CLIENT_KEY: certificate('client.key'),
  }
  try {
    await host('standard-exporter', endpoint, environment)
    const { stdout } = await host('usage', endpoint, environment)
    assert.equal(JSON.parse(stdout).outcome, 'sent')
    assert.deepEqual(seen, ['HOST-MTLS-IDENTITY', undefined])
  } finally {
    server.close()
  }
})

test('a gateway whose certificate nobody vouches for gets no report', async () => {
  let requests = 0
  const server = https.createServer(
    { key: readFileSync(certificate('server.key')), cert: readFileSync(certificate('server.crt')) },
    () => requests++,
  )
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const endpoint = `https://localhost:${(server.address() as AddressInfo).port}`
  const { stdout } = await host('usage', endpoint, {}).finally(() => server.close())
  const { outcome, reason } = JSON.parse(stdout)
  assert.deepEqual([outcome, requests], ['queued', 0])
  assert.match(reason, /UNABLE_TO_VERIFY_LEAF_SIGNATURE/)
})

test('no global of the OpenTelemetry API is set: the host can still register its own', async () => {
  await using receiver = await startReceiver()
  const { stdout } = await host('usage', receiver.endpoint, {})
  assert.deepEqual(JSON.parse(stdout).globals, null)
})
