import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { request as httpsRequest } from 'node:https'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { connect, createSecureContext } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { freePort, type RunningCollector } from '../../src/gateway.ts'
import { startGuarded } from '../../src/maintainer/stack/process/guarded-process.ts'
import { callAwkwardly, STALLS, stall } from './awkward-callers.ts'
import { archiveOf, filesWith, report, runGateway, type send } from './running-gateway.ts'
import { scratchDirectory, until } from './scratch.ts'

const config = (name: string) => path.resolve(import.meta.dirname, '../../collector-config/deploy', name)
const certificate = (name: string) => path.resolve(import.meta.dirname, '../traps/certificates', name)

interface Place {
  readonly directory: string
  readonly port: number
  readonly gateway: RunningCollector
}

/** How each proxy of collector-config/deploy is started, with the addresses of the test. */
const PROXIES = {
  nginx: {
    package: 'nginx-light',
    version: '-v',
    async command({ directory, port, gateway }: Place) {
      const text = (await readFile(config('nginx.conf'), 'utf8'))
        .replace('listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`)
        .replace('listen [::]:443 ssl;', '')
        .replace('127.0.0.1:4318', new URL(gateway.url).host)
        .replace('tls.crt', certificate('server.crt'))
        .replace('tls.key', certificate('server.key'))
        // The user of the system's package may not look into the test's directory.
        .replace(
          'worker_processes auto;',
          `worker_processes 1;${process.getuid?.() === 0 ? ' user root;' : ''}`,
        )
      await writeFile(path.join(directory, 'nginx.conf'), text)
      await mkdir(path.join(directory, 'logs'), { recursive: true })
      const inside = ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp`)
      for (const name of inside) await mkdir(path.join(directory, name), { recursive: true })
      return ['nginx', '-p', `${directory}/`, '-e', '/dev/null', '-c', 'nginx.conf', '-g', 'daemon off;']
    },
  },
  haproxy: {
    package: 'haproxy',
    version: '-v',
    async command({ directory, port, gateway }: Place) {
      const pem = path.join(directory, 'tls.pem')
      const parts = await Promise.all(['server.crt', 'server.key'].map((name) => readFile(certificate(name))))
      await writeFile(pem, Buffer.concat(parts))
      const text = (await readFile(config('haproxy.cfg'), 'utf8'))
        .replace('bind :443', `bind 127.0.0.1:${port}`)
        .replace('/etc/usage-gateway/tls.pem', pem)
        .replace('127.0.0.1:4318', new URL(gateway.url).host)
      await writeFile(path.join(directory, 'haproxy.cfg'), text)
      return ['haproxy', '-db', '-f', path.join(directory, 'haproxy.cfg')]
    },
  },
} as const

// Most of the time the tests wait until a proxy gives up on callers that stall.
describe('a gateway', { concurrency: 2 }, () => {
  for (const [name, proxy] of Object.entries(PROXIES)) {
    const skip =
      !isInstalled(name, proxy.version) && `${name} is not installed; \`apt-get install ${proxy.package}\``
    describe(`behind ${name}`, { skip, concurrency: 1 }, () => {
      test('reports pass, a caller who sends too many has to wait, and no address is kept', async (t) => {
        const { directory, gateway, from, port, running, lines, tls } = await behind(t, proxy)
        const own = '127.7.8.9'
        const forged = { 'x-forwarded-for': '203.0.113.5', forwarded: 'for=203.0.113.6' }
        assert.equal((await from(own, report(), { headers: forged })).status, 200)
        assert.equal((await archiveOf(gateway)).length, 2)
        assert.equal((await from(own, report(), { method: 'GET' })).status, name === 'nginx' ? 403 : 405)
        assert.equal((await from(own, report(), { path: '/v1/traces' })).status, 404)
        const large = report({ attributes: { padding: 'x'.repeat(300_000) } })
        assert.equal((await from(own, large)).status, 413)

        const answers = new Map<number, string | undefined>()
        for (let sent = 0; sent < 400 && !answers.has(429) && !answers.has(503); sent += 1) {
          const { status, headers } = await from('127.9.9.9')
          answers.set(status, headers['retry-after'])
        }
        const refused = name === 'nginx' ? 503 : 429
        assert.deepEqual([...answers.keys()], [200, refused])
        assert.equal(answers.get(refused), '900')
        assert.equal((await from('127.0.0.1')).status, 200, 'the others are not kept out')

        for (const [encoding, body] of ENCODED) {
          const headers = { 'content-encoding': encoding }
          assert.equal((await from(own, body(), { headers })).status, 200, encoding)
        }
        assert.equal((await from(own, '{}', { headers: { 'content-encoding': 'br' } })).status, 400)

        await callAwkwardly({ port, localAddress: own, tls })
        await callAwkwardly({ port, localAddress: own })

        const slow = connect({ port, host: '127.0.0.1', ...tls })
        slow.on('error', () => {})
        const head = 'POST /v1/metrics HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
        slow.write(`${head}content-length: 100\r\n\r\n{`)
        slow.resume()
        const started = performance.now()
        await new Promise((resolve) => slow.once('close', resolve))
        assert.ok(performance.now() - started < 45_000)

        await gateway.stop()
        assert.match(String((await from(own)).status), /^50[234]$/, 'what cannot be passed on is sent again')
        await running.stop()
        const addresses = [own, '127.9.9.9', '203.0.113.5', '203.0.113.6']
        assert.deepEqual(await filesWith(directory, addresses), [])
        assert.doesNotMatch(lines.join('\n'), /127\.7\.8\.9|127\.9\.9\.9|203\.0\.113/)
      })

      for (const [what, bytes] of Object.entries(STALLS)) {
        test(`a thousand callers that stall after ${what} cost the gateway nothing, and keep out nobody`, async (t) => {
          const { gateway, from, port, tls } = await behind(t, proxy)
          const before = await memoryOf(gateway.pid)
          const stalled = await stall(1_000, bytes, { port, tls })
          let most = 0
          let longest = 0
          for (let sent = 0; sent < 20; sent += 1) {
            const started = performance.now()
            assert.equal((await from('127.0.0.1')).status, 200)
            longest = Math.max(longest, performance.now() - started)
            most = Math.max(most, (await memoryOf(gateway.pid)) - before)
          }
          await stalled.over
          t.diagnostic(`at most ${most} MiB of the gateway, and ${Math.round(longest)} ms for a report`)
          assert.ok(most < 50, `${most} MiB`)
        })
      }
    })
  }
})

/** What RFC 9110 has for the encodings that the gateway takes. */
const packed = () => gzipSync(JSON.stringify(report()))
const ENCODED: readonly (readonly [encoding: string, body: () => unknown])[] = [
  ['gzip', packed],
  ['GZIP', packed],
  ['x-gzip', packed],
  ['X-Gzip', packed],
  ['identity', report],
  ['Identity', report],
]

/** A gateway, and a proxy in front of it that listens. */
async function behind(t: TestContext, proxy: (typeof PROXIES)[keyof typeof PROXIES]) {
  const directory = await scratchDirectory(t)
  const gateway = await runGateway(t, { directory })
  const port = await freePort()
  const place = { directory: path.join(directory, 'proxy'), port, gateway }
  await mkdir(place.directory)
  const lines: string[] = []
  const running = await startGuarded({
    command: await proxy.command(place),
    environment: process.env,
    directory: place.directory,
    onLine: (line) => lines.push(line),
  })
  t.after(() => running.stop())
  const ca = await readFile(certificate('authority.crt'))
  const tls = { ca, servername: 'localhost', secureContext: createSecureContext({ ca }) }
  const from = (localAddress: string, body: unknown = report(), options = {}) =>
    answerOf(port, { ...tls, localAddress, ...options }, body)
  await until('it listens', async () => (await from('127.0.0.1').catch(() => undefined))?.status === 200)
  return { directory, gateway, port, running, lines, from, tls }
}

/** The resident memory of a process in MiB. */
async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024)
}

type Answer = Awaited<ReturnType<typeof send>>

function answerOf(port: number, options: object, body: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { headers = {}, ...others } = options as { headers?: object }
    const sending = httpsRequest(
      {
        ...{ host: 'localhost', port, family: 4, path: '/v1/metrics', method: 'POST', agent: false },
        headers: { 'content-type': 'application/json', ...headers },
        ...others,
      },
      (response) => {
        response.resume()
        resolve({ status: response.statusCode as number, headers: response.headers, text: '' })
      },
    )
    sending.on('error', reject)
    sending.end(Buffer.isBuffer(body) ? body : JSON.stringify(body))
  })
}

function isInstalled(program: string, version: string): boolean {
  try {
    execFileSync(program, [version], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
