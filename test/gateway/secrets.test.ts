// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what the Collector would expand.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  ClickHouseStartError,
  clickHouseEnvironment,
  GatewayOptionsError,
  runGatewayCommand,
  startClickHouse,
} from '../../src/gateway.ts'
import { secretsIn, secretsOf, shownAddress, withoutSecrets } from '../../src/maintainer/package/secrets.ts'
import { memory } from '../support/memory.ts'
import { bareEnvironment, scratchDirectory } from './scratch.ts'

const AWKWARD = [
  ...['pa$$word', '${env:HOME}', 'a/b@c:d', 'e?f#g&h=i', 'j k%25l', 'mé"\\n', "o'p`q", '@@@@', 'r://s@t'],
]

test('no password is in what is shown of an address, however it is written', () => {
  const password = fc.oneof(fc.constantFrom(...AWKWARD), fc.string({ minLength: 4 }))
  fc.assert(
    fc.property(password, fc.constantFrom('http', 'tcp', 'clickhouse+x'), (secret, scheme) => {
      fc.pre(!'http://tcp://clickhouse+x://store.example:8123/***'.includes(secret))
      const encoded = encodeURIComponent(secret)
      for (const address of [
        `${scheme}://me:${encoded}@store.example:8123/`,
        `${scheme}://me:${secret}@store.example:8123`,
        `${scheme}://store.example:8123/?user=me&password=${encoded}`,
        `me:${secret}@store.example:8123`,
      ]) {
        const shown = shownAddress(address)
        assert(!shown.includes(secret) && !shown.includes(encoded), `${address} is shown as ${shown}`)
        assert(shown.includes('store.example:8123'), shown)
      }
    }),
  )
})

test('a password is hidden in a text that quotes it, as it is, in an address or in JSON', () => {
  for (const secret of AWKWARD) {
    const address = `http://me:${encodeURIComponent(secret)}@store.example/?password=${encodeURIComponent(secret)}`
    for (const environment of [{ USAGE_CLICKHOUSE_PASSWORD: secret }, { CLICKHOUSE_URL: address }]) {
      const text = `refused: ${address} ${JSON.stringify({ secret })} '${secret}'`
      const shown = withoutSecrets(text, secretsIn(environment))
      for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret)])
        assert(!shown.includes(form), `${form} in ${shown}`)
    }
  }
  assert.equal(withoutSecrets('the day is a day', ['a']), 'the day is *** day')
  assert.equal(
    withoutSecrets('Post "http://default:x1@127.0.0.1:1/?a=b&password=x2&c=d": refused'),
    'Post "http://127.0.0.1:1/?a=b&password=***&c=d": refused',
  )
  assert.deepEqual(secretsOf('http://store.example/?user=me'), [])
})

test('no command prints the password of an address that is wrong, or of a store that does not answer', async (t) => {
  const directory = await scratchDirectory(t)
  const secret = 'of the/store?1$'
  const encoded = encodeURIComponent(secret)
  const refusing = createServer((request, response) =>
    response.writeHead(403).end(`Authentication failed for ${request.url} with ${secret}`),
  )
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve))
  t.after(() => refusing.close())
  const { port } = refusing.address() as { port: number }
  const addresses = [
    `tcp://me:${encoded}@127.0.0.1:9000`,
    `http//me:${secret}@127.0.0.1`,
    `http://me:${encoded}@127.0.0.1:${port}`,
    `http://127.0.0.1:${port}/?user=me&password=${encoded}`,
  ]
  for (const address of addresses) {
    const [stdout, stderr] = [memory(), memory()]
    const environment = { ...bareEnvironment(directory), CLICKHOUSE_URL: address }
    assert.equal(await runGatewayCommand(['maintain'], { stdout, stderr, environment }), 1, address)
    await assert.rejects(startClickHouse({ directory, environment, readyWithin: 100 }), (error: Error) => {
      assert(error instanceof GatewayOptionsError || error instanceof ClickHouseStartError)
      stderr.write(error.message)
      return true
    })
    const printed = stdout.text() + stderr.text()
    for (const form of [secret, encoded]) assert(!printed.includes(form), printed)
  }
  const environment = {
    USAGE_GATEWAY_DIRECTORY: directory,
    USAGE_GATEWAY_ENDPOINT: `http://me:${secret}@store.example`,
    USAGE_CLICKHOUSE_ENDPOINT: `http://127.0.0.1:${port}/?password=${encoded}`,
    USAGE_CLICKHOUSE_PASSWORD: secret,
  }
  const stdout = memory()
  assert.equal(await runGatewayCommand(['status'], { stdout, environment }), 1)
  for (const form of [secret, encoded]) assert(!stdout.text().includes(form), stdout.text())
})

test('a password in the query of an address goes to the Collector as a password, not in the address', () => {
  assert.deepEqual(
    clickHouseEnvironment({ nativeEndpoint: 'http://store.example:8123/?user=me&password=a%24b&x=1' }),
    {
      USAGE_CLICKHOUSE_ENDPOINT: 'http://store.example:8123/?x=1',
      USAGE_CLICKHOUSE_DATABASE: 'usage',
      USAGE_CLICKHOUSE_USERNAME: 'me',
      USAGE_CLICKHOUSE_PASSWORD: 'a$b',
    },
  )
})

test('statements are printed as they are, whatever the password is', async () => {
  const stdout = memory()
  const environment = { CLICKHOUSE_PASSWORD: 'points' }
  assert.equal(await runGatewayCommand(['schema'], { stdout, environment }), 0)
  assert.match(stdout.text(), /CREATE TABLE IF NOT EXISTS points/)
})
