/** `npm start`, as a newcomer runs it: the real Collector, a real ClickHouse, the demo host. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, symlinkSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { before, test } from 'node:test'
import { createScratch } from '../support/scratch.ts'

const root = path.resolve(import.meta.dirname, '../..')

/** Starts it as `npm start -- …` does, in a process group of its own, as a terminal does. */
function start(args: readonly string[], environment: Record<string, string> = {}, cwd = root) {
  const child = spawn(process.execPath, ['scripts/start.ts', ...args], {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      for (const check of waiting) check()
    })
  }
  const exited = once(child, 'close').then(([code]) => code as number)
  return {
    child,
    exited,
    output: () => output,
    async until(pattern: RegExp) {
      await new Promise<void>((resolve, reject) => {
        const check = () => pattern.test(output) && resolve()
        waiting.add(check)
        check()
        void exited.then((code) => reject(new Error(`ended with ${code}:\n${output}`)))
      })
    },
  }
}

/** A copy of what is committed, without a build. Two tests run in it: the second finds compiled what the first has loaded. */
const clone = createScratch()
const inClone = { NODE_COMPILE_CACHE: path.join(clone.directory, 'compiled') }

before(() => {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  })
  for (const file of files
    .toString()
    .split('\0')
    .filter((name) => name !== '' && existsSync(path.join(root, name))))
    cpSync(path.join(root, file), path.join(clone.directory, file))
  symlinkSync(path.join(root, 'node_modules'), path.join(clone.directory, 'node_modules'))
  return () => clone[Symbol.dispose]()
})

/** Environment of a machine without a Collector, on which the way to one takes its time: a proxy that accepts and never answers. */
async function withoutCollector(cache: string) {
  const proxy = net.createServer(() => {}).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    environment: {
      XDG_CACHE_HOME: cache,
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`,
    },
    [Symbol.dispose]: () => void proxy.close(),
  }
}

/** Returns the status of each file of the operator's page. */
const statusesOf = (page = '') =>
  Promise.all(['', 'page.js', 'page.css'].map(async (file) => (await fetch(page + file)).status))

test('npm start needs no build: in a fresh clone the product runs from its sources, and its page is there', async () => {
  using scratch = createScratch()
  using machine = await withoutCollector(scratch.directory)
  const environment = { ...inClone, ...machine.environment }
  const { child, exited, until, output } = start([], environment, clone.directory)
  await until(/2\. The gateway and the store/)
  const [, page] = /Its usage telemetry: (http\S+)/.exec(output()) ?? []
  assert.deepEqual(await statusesOf(page), [200, 200, 200])
  child.kill('SIGINT')
  assert.equal(await exited, 0)
})

/** The processes that have a word in their command line. */
function processesWith(word: string): string[] {
  const lines = execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => line.includes(word))
}

test('npm start -- --exit: a report travels from host code to an answer through the real Collector, and a no holds', async () => {
  using scratch = createScratch()
  const demo = start(['--exit', '--directory', scratch.directory])
  assert.equal(await demo.exited, 0, demo.output())
  const expected = [
    /OpenTelemetry Collector 0\.161\.0 \(\w+\) at http:\/\/127\.0\.0\.1:\d+/,
    /ClickHouse [\d.]+ \([\w-]+\) at http/,
    /Acme Notes sends a usage report to 127\.0\.0\.1:\d+ once a day \(ACME_NOTES_TELEMETRY=on\)/,
    /Its verdict: enabled, level full, because of ACME_NOTES_TELEMETRY=on\./,
    /would be sent: true/,
    /has report [0-9a-f-]{36} on its disk/,
    /value +installations +share\n +1\.4\.2 +1\b/,
    /Acme Notes sends no usage reports \(ACME_NOTES_TELEMETRY_OPTOUT=1\)/,
    /Usage report [0-9a-f-]{36} not sent, ACME_NOTES_TELEMETRY_OPTOUT=1: \{"resourceMetrics"/,
    /Nothing arrived at the gateway\./,
    /Which versions are in use\? .+\n +value +installations +share\n +1\.4\.2 +1\d\d /,
    /in this period +\d+ +0\.\d+ +0\.\d+ +0\.\d+/,
    /median +64/,
    /The community report, .+: http:\/\/127\.0\.0\.1:\d+\/\n +Its files: .+community-report\/index\.html/,
  ]
  for (const pattern of expected) assert.match(demo.output(), pattern)
  assert.deepEqual(processesWith(scratch.directory), [])
})

test('on a machine without a Collector, npm start shows the product first, says how long the rest takes, and can be ended', async () => {
  using scratch = createScratch()
  using machine = await withoutCollector(scratch.directory)
  const demo = start(['--directory', scratch.directory], machine.environment)
  await demo.until(/2\. The gateway and the store/)
  await demo.until(/no Collector yet\. .*takes .*Ctrl-C is safe/)
  const positions = [/Acme Notes sends a usage report/, /Its verdict: enabled/, /The preview of its report/]
  for (const pattern of positions) assert.match(demo.output(), pattern)
  await demo.until(/OpenTelemetry Collector 0\.161\.0: /)
  process.kill(-(demo.child.pid ?? 0), 'SIGINT')
  assert.equal(await demo.exited, 0, demo.output())
  assert.deepEqual(processesWith(scratch.directory), [])
})

test('npm start stays up and says what to try; Ctrl-C ends all of it, and no process is left', async () => {
  using scratch = createScratch()
  // In the fresh clone: all that follows runs from its sources too.
  const demo = start(['--directory', scratch.directory], inClone, clone.directory)
  await demo.until(/Ctrl-C ends all of it/)
  const [, page] = /The operator's page +(http\S+)/.exec(demo.output()) ?? []
  assert.deepEqual(await statusesOf(page), [200, 200, 200])
  const host = /The product +(http\S+)/.exec(demo.output())?.[1]
  const view = (await (await fetch(`${host}/telemetry`)).json()) as { verdict: { state: string } }
  assert.equal(view.verdict.state, 'enabled')
  const report = /The community report +(http\S+)/.exec(demo.output())?.[1]
  assert.match(await (await fetch(`${report}`)).text(), /<h1>How Acme Notes is used<\/h1>/)
  assert.equal(
    (await fetch(`${report}data/acme-notes-versions.json`)).headers.get('content-type'),
    'application/json',
  )

  process.kill(-(demo.child.pid ?? 0), 'SIGINT')
  assert.equal(await demo.exited, 0, demo.output())
  assert.deepEqual(processesWith(scratch.directory), [])
  await assert.rejects(fetch(`${host}/telemetry`))
})

test('npm start with a directory that cannot be written ends with 1 and names the directory', async () => {
  using scratch = createScratch()
  const file = path.join(scratch.directory, 'file')
  writeFileSync(file, '')
  const demo = start(['--exit', '--directory', path.join(file, 'state')])
  assert.equal(await demo.exited, 1, demo.output())
  assert.match(demo.output(), new RegExp(`✖.*${file}`))
  assert.doesNotMatch(demo.output(), /at .*\.ts:\d+/)
})

test('npm start with OTELCOL set to another program ends with 1 and names it', async () => {
  using scratch = createScratch()
  const demo = start(['--exit', '--directory', scratch.directory], { OTELCOL: '/nowhere/otelcol' })
  assert.equal(await demo.exited, 1, demo.output())
  assert.match(demo.output(), /✖.*OTELCOL.*\/nowhere\/otelcol/)
})

test('npm start without Go, cache, network or Docker ends with 1 and names every way to a Collector', async () => {
  using scratch = createScratch()
  const demo = start(['--exit', '--directory', scratch.directory], {
    PATH: '/nowhere',
    XDG_CACHE_HOME: scratch.directory,
    // Also where there is a network: a proxy that nobody answers at.
    NODE_USE_ENV_PROXY: '1',
    HTTPS_PROXY: 'http://127.0.0.1:9',
  })
  assert.equal(await demo.exited, 1, demo.output())
  for (const way of [/OTELCOL/, /cache/, /release/, /\bGo\b/, /Docker/]) assert.match(demo.output(), way)
})
