import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import {
  applySchema,
  ClickHouseNotFoundError,
  ClickHouseStartError,
  findClickHouse,
  freePort,
  GatewayOptionsError,
  maintainStore,
  PortInUseError,
  runGatewayCommand,
  startClickHouse,
  startCollector,
} from '../../src/gateway.ts'
import { clickHouseEnvironment } from '../../src/maintainer/stack/clickhouse/clickhouse-environment.ts'
import { cacheDirectory } from '../../src/maintainer/stack/collector/cache-directory.ts'
import { containerCommand } from '../../src/maintainer/stack/collector/docker.ts'
import { createProgress } from '../../src/maintainer/stack/collector/progress.ts'
import { takeWorkLock } from '../../src/maintainer/stack/collector/work-lock.ts'
import { localUrl, parseEndpoint } from '../../src/maintainer/stack/process/ports.ts'
import { memory } from '../support/memory.ts'
import { bareEnvironment, scratchDirectory, script } from './scratch.ts'

describe('progress', () => {
  test('on a terminal one line changes in place and is gone at the end', () => {
    const output = Object.assign(memory(), { isTTY: true, columns: 40 })
    const progress = createProgress({ title: 'Collector', output, now: clock(0, 0, 65_000) })
    progress.phase('compiling it, which takes its time')
    progress.phase('unpacking')
    progress.end()
    assert.equal(
      output.text(),
      '\r\u001b[2KCollector: compiling it, which takes it\r\u001b[2KCollector: unpacking 1 min 5 s\r\u001b[2K',
    )
  })

  test('elsewhere each phase is a plain line, once', () => {
    const output = memory()
    const progress = createProgress({ title: 'Collector', output, now: clock(0, 0, 2_000, 3_000) })
    progress.phase('asking')
    progress.phase('asking')
    progress.phase('compiling')
    progress.end('built')
    assert.equal(
      output.text(),
      'Collector: asking (0 s)\nCollector: compiling (2 s)\nCollector: built (3 s)\n',
    )
  })

  test('where there was nothing to do nothing is printed', () => {
    const output = memory()
    createProgress({ title: 'Collector', output }).end('built')
    assert.equal(output.text(), '')
  })
})

describe('the lock on work', () => {
  test('of a process that shows no sign of life any more is taken over', async (t) => {
    const lock = path.join(await scratchDirectory(t), 'lock')
    await mkdir(lock)
    const file = path.join(lock, 'owner.json')
    await writeFile(file, JSON.stringify({ pid: 1, host: 'another-machine', phase: 'building' }))
    await utimes(file, new Date(0), new Date(0))
    const taken = await takeWorkLock({
      path: lock,
      isDone: async () => false,
      onWait: () => {},
      pollEvery: 1,
    })
    assert(taken)
    await taken.release()
  })

  test('of a live process is waited for until the work is done', async (t) => {
    const lock = path.join(await scratchDirectory(t), 'lock')
    await mkdir(lock)
    const owner = { pid: process.pid, host: 'another-machine', phase: 'compiling' }
    await writeFile(path.join(lock, 'owner.json'), JSON.stringify(owner))
    const heard: string[] = []
    const taken = await takeWorkLock({
      path: lock,
      isDone: async () => heard.length > 2,
      onWait: (text) => heard.push(text),
      pollEvery: 1,
    })
    assert.equal(taken, undefined)
    assert.equal(heard[0], `waiting for process ${process.pid}, which is compiling`)
  })
})

describe('the cache', () => {
  const cases: [NodeJS.Platform, Record<string, string>, string][] = [
    ['linux', { HOME: '/home/a' }, path.join('/home/a', '.cache', 'otel-usage')],
    ['linux', { HOME: '/home/a', XDG_CACHE_HOME: '/cache' }, path.join('/cache', 'otel-usage')],
    ['linux', { HOME: '/home/a', XDG_CACHE_HOME: 'relative' }, path.join('/home/a', '.cache', 'otel-usage')],
    ['darwin', { HOME: '/Users/a' }, path.join('/Users/a', 'Library', 'Caches', 'otel-usage')],
    ['win32', { LOCALAPPDATA: 'C:\\local' }, path.join('C:\\local', 'otel-usage')],
  ]
  for (const [platform, environment, expected] of cases) {
    test(`on ${platform} with ${JSON.stringify(environment)}`, () => {
      assert.equal(cacheDirectory(environment, platform), expected)
    })
  }

  test('without a home is an error that names the variable', () => {
    assert.throws(() => cacheDirectory({}, 'linux'), /set XDG_CACHE_HOME or HOME/)
  })
})

describe('addresses', () => {
  test('are read as the Collector writes them', () => {
    assert.deepEqual(parseEndpoint('127.0.0.1:4318'), { host: '127.0.0.1', port: 4318 })
    assert.deepEqual(parseEndpoint(':4318'), { host: '0.0.0.0', port: 4318 })
    assert.deepEqual(parseEndpoint('[::1]:1'), { host: '::1', port: 1 })
    for (const wrong of ['4318', 'http://a:1', 'a:b', 'a:70000'])
      assert.equal(parseEndpoint(wrong), undefined, wrong)
  })

  test('of all interfaces are reached over the loopback device', () => {
    assert.equal(localUrl({ host: '0.0.0.0', port: 1 }), 'http://127.0.0.1:1')
    assert.equal(localUrl({ host: '::', port: 1 }), 'http://[::1]:1')
    assert.equal(localUrl({ host: 'localhost', port: 1 }), 'http://localhost:1')
  })

  test('free ones are outside of the range that connections use, and no port is given twice', async () => {
    const ports = await Promise.all(Array.from({ length: 200 }, freePort))
    assert(ports.every((port) => port >= 16_384 && port < 32_768))
    assert.equal(new Set(ports).size, 200)
  })

  test('free ones do not run out, however many were given before', async () => {
    for (let given = 0; given < 17_000; given++) await freePort()
  })

  test('one in use is named, with the setting that moves it', async (t) => {
    const directory = await scratchDirectory(t)
    const server = createServer()
    const port = await freePort()
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    t.after(() => server.close())
    await assert.rejects(
      startCollector({
        collector: { command: ['false'], version: '0', how: 'variable' },
        environment: { USAGE_GATEWAY_ENDPOINT: `127.0.0.1:${port}`, USAGE_GATEWAY_DIRECTORY: directory },
      }),
      (error) =>
        error instanceof PortInUseError &&
        error.message ===
          `The gateway cannot listen on 127.0.0.1:${port}: another program listens there. End the other program, or choose another address with USAGE_GATEWAY_ENDPOINT.`,
    )
  })

  test('an invalid one is refused', async () => {
    await assert.rejects(
      startCollector({
        collector: { command: ['false'], version: '0', how: 'variable' },
        environment: { USAGE_GATEWAY_ENDPOINT: 'here' },
      }),
      GatewayOptionsError,
    )
  })
})

test('a container sees the files at the same paths, the network and the user of the host', () => {
  assert.deepEqual(
    containerCommand(['docker', 'run', '--rm', 'image:1'], {
      files: ['/a/gateway.yaml', '/a/other.yaml', '/b/acme.yaml'],
      directory: '/state',
      variables: ['USAGE_GATEWAY_ENDPOINT'],
      user: { uid: 1, gid: 2 },
    }),
    [
      'docker',
      'run',
      '--rm',
      '--network=host',
      '--user=1:2',
      '--mount=type=bind,source=/a,target=/a,readonly',
      '--mount=type=bind,source=/b,target=/b,readonly',
      '--mount=type=bind,source=/state,target=/state',
      '--workdir=/state',
      '--env',
      'USAGE_GATEWAY_ENDPOINT',
      'image:1',
    ],
  )
})

describe('ClickHouse', () => {
  test('an address that is given is used, and must be one of HTTP', async () => {
    const environment = { CLICKHOUSE_URL: 'https://a:b@store.example:8443' }
    assert.deepEqual(await findClickHouse({ environment }), {
      how: 'address',
      url: environment.CLICKHOUSE_URL,
    })
    await assert.rejects(findClickHouse({ address: 'tcp://a:9000' }), /is not an HTTP address/)
  })

  test('on the PATH comes before the engine from npm', async (t) => {
    const home = await scratchDirectory(t)
    const environment = bareEnvironment(home)
    assert.equal((await findClickHouse({ environment })).how, 'npm')
    await script(path.join(home, 'bin', 'clickhouse'), 'echo ClickHouse local version 26.7')
    assert.deepEqual(await findClickHouse({ environment }), { how: 'path', command: ['clickhouse', 'local'] })
  })

  test('where none can be had one message names the three ways', () => {
    const { message } = new ClickHouseNotFoundError(
      [{ way: 'an address', reason: 'CLICKHOUSE_URL is not set' }],
      ['chdb', 'ffi-rs'],
    )
    assert.match(
      message,
      /an address: CLICKHOUSE_URL is not set.+set CLICKHOUSE_URL.+on the PATH.+npm install chdb ffi-rs/s,
    )
  })

  test('at an address where nobody answers is an error without the password', async (t) => {
    const directory = await scratchDirectory(t)
    const address = `http://me:secret@127.0.0.1:${await freePort()}`
    await assert.rejects(startClickHouse({ directory, address, readyWithin: 100 }), (error) => {
      assert(error instanceof ClickHouseStartError)
      assert.match(error.message, /ClickHouse at http:\/\/127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/)
      assert(!error.message.includes('secret'))
      return true
    })
  })

  test('user and password of its address reach the Collector as settings', () => {
    assert.deepEqual(clickHouseEnvironment({ nativeEndpoint: 'https://me:p%40ss@store.example:8443' }, 'd'), {
      USAGE_CLICKHOUSE_ENDPOINT: 'https://store.example:8443',
      USAGE_CLICKHOUSE_DATABASE: 'd',
      USAGE_CLICKHOUSE_USERNAME: 'me',
      USAGE_CLICKHOUSE_PASSWORD: 'p@ss',
    })
    assert.deepEqual(clickHouseEnvironment({ nativeEndpoint: 'tcp://127.0.0.1:9000' }), {
      USAGE_CLICKHOUSE_ENDPOINT: 'tcp://127.0.0.1:9000',
      USAGE_CLICKHOUSE_DATABASE: 'usage',
    })
  })
})

describe('the command', () => {
  test('--help is printed on standard output', async () => {
    const stdout = memory()
    assert.equal(await runGatewayCommand(['--help'], { stdout }), 0)
    assert.match(stdout.text(), /^Usage: otel-usage gateway/)
  })

  test('without a Collector it fails with 1 and the message', async (t) => {
    const stderr = memory()
    const environment = { ...bareEnvironment(await scratchDirectory(t)), OTELCOL: '/nowhere' }
    assert.equal(await runGatewayCommand(['validate'], { stderr, environment }), 1)
    assert.match(stderr.text(), /^OTELCOL is '\/nowhere'/)
  })
})

function clock(...times: number[]): () => number {
  return () => times.shift() ?? 0
}

test('a ClickHouse that would take reports and never roll them up is refused with a sentence', async (t) => {
  let version = '24.8.14.39'
  const asked: string[] = []
  const server = http.createServer(async (request, response) => {
    asked.push(await text(request))
    response.end(`${JSON.stringify({ version })}\n`)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  for (const act of [applySchema, maintainStore]) {
    await assert.rejects(act({ url }), {
      message: `The ClickHouse at 127.0.0.1:${port} is version 24.8.14.39, and the store needs 25.5 or later: an older one would keep reports and never roll them up. Upgrade it, or set CLICKHOUSE_URL to a later one.`,
    })
  }
  assert.equal(asked.length, 2)
  for (version of ['25.5.1.1', '25.10.1.1', '26.1.1.1']) await applySchema({ url })
})
