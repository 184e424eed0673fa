/** The child process that delivers the reports of a command-line tool: what it does, and what it does not. Real processes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createAcme } from '../support/acme.ts'
import { attributesOf, numbersOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { createSecureServer, listen } from '../transport/servers.ts'
import { DONE, deliverersOf, runTool, startStubborn } from './tool.ts'

const skip = process.platform === 'linux' ? false : 'processes are looked at in /proc'
const options = (endpoint: string, state: string) => ({
  ...{ endpoint, state, delivery: 'detached', schedule: { initialDelay: '0s' } },
})
const jobOf = (directory: string) => path.join(directory, 'detached.json')
const content = (file: string) => JSON.parse(readFileSync(file, 'utf8'))

test('the headers of the operator reach the child by its environment, and the state holds no value of them', async () => {
  using scratch = createScratch()
  let job = ''
  await using receiver = await startReceiver((_, response) => {
    job = readFileSync(jobOf(scratch.directory), 'utf8')
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  const environment = {
    ACME_TOOL_TELEMETRY_ENDPOINT: receiver.endpoint,
    ACME_TOOL_TELEMETRY_HEADERS: 'authorization=Bearer%20of-this-test',
    ACME_TOOL_TELEMETRY_HEADER: 'authorization=of-this-test',
    acme_tool_telemetry_opt_out: '0',
  }
  await runTool(options('http://127.0.0.1:9', scratch.directory), { environment })
  await until(() => receiver.received.length > 0)
  await delivered(scratch.directory)
  assert.equal(receiver.received[0]?.headers['authorization'], 'Bearer of-this-test')
  assert.deepEqual(JSON.parse(job).work.environment, {
    ACME_TOOL_TELEMETRY_ENDPOINT: receiver.endpoint,
    acme_tool_telemetry_opt_out: '0',
  })
  for (const file of readdirSync(scratch.directory, { recursive: true, withFileTypes: true }))
    if (file.isFile())
      assert.doesNotMatch(readFileSync(path.join(file.parentPath, file.name), 'utf8'), /of-this-test/)
})

/** What a child that was killed has left is as old as if a minute had passed. */
function letMinutePass(directory: string): void {
  const job = content(jobOf(directory))
  writeFileSync(jobOf(directory), JSON.stringify({ ...job, at: job.at - 61_000 }))
  for (const name of existsSync(path.join(directory, 'leases'))
    ? readdirSync(path.join(directory, 'leases'))
    : []) {
    const lease = path.join(directory, 'leases', name)
    writeFileSync(lease, JSON.stringify({ ...content(lease), until: Date.now() - 1 }))
  }
}

const TWO_DAYS = 2 * 86_400_000

/** What was reported was reported two days before. */
function letDaysPass(directory: string): void {
  const settled = path.join(directory, 'acknowledged')
  const files = readdirSync(settled).map((name) => path.join(settled, name))
  for (const file of [...files, path.join(directory, 'schedule.json')]) {
    const earlier = readFileSync(file, 'utf8')
      .replaceAll(/\d{4}-[\d-]+T[\d:.]+Z/g, (time) => new Date(Date.parse(time) - TWO_DAYS).toISOString())
      .replaceAll(/\b\d{13}\b/g, (time) => String(Number(time) - TWO_DAYS))
    writeFileSync(file, earlier)
  }
}

/** A child that is in the middle of sending is killed. */
async function killed(directory: string): Promise<void> {
  for (const { pid } of deliverersOf(directory)) process.kill(pid, 'SIGKILL')
  await until(() => deliverersOf(directory).length === 0)
}

/** The child takes its job away last of all. */
const delivered = (directory: string) => until(() => !existsSync(jobOf(directory)))

test('the report of a tool that has ended arrives, with everything that the tool has set and counted', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  assert.deepEqual(await runTool(options(receiver.endpoint, scratch.directory)), DONE)
  await until(() => receiver.received.length > 0)
  await delivered(scratch.directory)
  const { json } = receiver.received[0] ?? assert.fail()
  const { 'acme.edition': edition, 'acme.labels.cloud': cloud, ...others } = attributesOf(json)
  assert.deepEqual([edition, cloud, others['acme.labels.purpose']], ['paid', 'aws', 'test'])
  assert.deepEqual([others['service.name'], others['service.version']], ['acme-tool', '1.2.3'])
  const { 'usage.facts.withheld': _, ...numbers } = numbersOf(json)
  const expected = { 'acme.files{type=source}': 7, 'acme.users': 64, 'acme.runs': 1, 'plug.size': 5 }
  assert.partialDeepStrictEqual(numbers, expected)

  await runTool(options(receiver.endpoint, scratch.directory))
  assert.equal(existsSync(jobOf(scratch.directory)), false, 'nothing is due, so there is no child')
  assert.equal(receiver.received.length, 1)
})

test('a tool that had an id before reports under it: the child takes it from the work, and the next runs have it from the state', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const adopt = '7f1d4b1e-9a34-11ec-8f0d-0242ac120002'
  const adopting = { ...options(receiver.endpoint, scratch.directory), identity: { adopt } }
  assert.deepEqual(await runTool(adopting), DONE)
  await until(() => receiver.received.length > 0)
  await delivered(scratch.directory)
  letDaysPass(scratch.directory)
  // The id is taken once: what the tool gives later does not count.
  const other = { ...adopting, identity: { adopt: '2b0c1f62-0f3a-4a3e-9a55-5f8f4e1d7c11' } }
  assert.deepEqual(await runTool(other), DONE)
  await until(() => receiver.received.length > 1)
  await delivered(scratch.directory)
  assert.deepEqual(
    receiver.received.map(({ json }) => attributesOf(json)['service.instance.id']),
    [adopt, adopt],
  )
})

test('the tool is gone and its output closed while the child is still at it; the child is Node.js and our script, and nothing of the tool', {
  skip,
}, async () => {
  using scratch = createScratch()
  using silence = await startStubborn()
  const preloaded = path.join(scratch.directory, 'preloaded.mjs')
  const list = path.join(scratch.directory, 'list')
  writeFileSync(
    preloaded,
    `import { appendFileSync } from 'node:fs'\nappendFileSync(${JSON.stringify(list)}, process.pid + '\\n')`,
  )
  const environment = { NODE_OPTIONS: `--import=${preloaded}`, SECRET: 's3cret', HOME: '/home/alice' }
  // Only with the last holder of the pipe does its output end: `tool | cat` returns.
  assert.deepEqual(await runTool(options(silence.endpoint, scratch.directory), { environment }), DONE)
  await until(() => silence.connections > 0)
  const [child = assert.fail('the child has ended already'), ...others] = deliverersOf(scratch.directory)
  assert.deepEqual(others, [])
  const [program, script = '', ...parameters] = child.command
  assert.equal(program, process.execPath)
  assert.match(script, /\/dist\/otel-usage-detached\.js$/)
  assert.deepEqual(parameters, [scratch.directory])
  assert.deepEqual(child.environment, [`PATH=${process.env['PATH']}`, 'OTEL_USAGE_DETACHED=1'])
  assert.equal(child.workingDirectory, scratch.directory)
  for (const stream of ['0', '1', '2']) assert.equal(child.openFiles.get(stream), '/dev/null')
  assert.deepEqual(
    [...child.openFiles.values()].filter((file) => file.startsWith('/dev/pts')),
    [],
  )
  assert.equal(
    readFileSync(list, 'utf8').trim().split('\n').length,
    1,
    'what the tool preloads, it alone loads',
  )
  process.kill(child.pid, 'SIGKILL')
  await until(() => deliverersOf(scratch.directory).length === 0)
})

test('after a child is killed in the middle, the report arrives once, by another child under the same id', {
  skip,
}, async () => {
  using scratch = createScratch()
  const { directory } = scratch
  using silence = await startStubborn()
  await runTool(options(silence.endpoint, directory))
  await until(() => silence.connections > 0)
  await killed(directory)

  await using receiver = await startReceiver()
  await runTool(options(receiver.endpoint, directory))
  assert.deepEqual(deliverersOf(directory), [], 'it may still be at it')
  letMinutePass(directory)
  await runTool(options(receiver.endpoint, directory))
  await delivered(directory)
  const [first = assert.fail(), ...more] = receiver.received
  assert.deepEqual(more, [])
  const lines = readFileSync(path.join(directory, 'ledger.jsonl'), 'utf8').trim().split('\n')
  const [queued, sent, ...rest] = lines.map((line) => JSON.parse(line))
  assert.deepEqual([queued.outcome, sent.outcome, rest], ['queued', 'sent', []])
  assert.deepEqual(
    [queued.reportId, sent.reportId],
    Array(2).fill(attributesOf(first.json)['usage.report.id']),
  )
  assert.equal(numbersOf(first.json)['acme.runs'], 1)
})

test('a job that nobody can understand is replaced', async () => {
  await using receiver = await startReceiver()
  for (const [index, damaged] of ['', '{', 'null', '{"format":2,"at":9e15}'].entries()) {
    using scratch = createScratch()
    writeFileSync(jobOf(scratch.directory), damaged)
    await runTool(options(receiver.endpoint, scratch.directory))
    await delivered(scratch.directory)
    assert.equal(receiver.received.length, index + 1)
  }
})

test('a no that is said before the child begins holds: it sends nothing, and what waited is gone', {
  skip,
}, async () => {
  using scratch = createScratch()
  const { directory } = scratch
  using silence = await startStubborn()
  await runTool(options(silence.endpoint, directory))
  await until(() => silence.connections > 0)
  const [
    {
      command: [, script = ''],
    } = assert.fail(),
  ] = deliverersOf(directory)
  await killed(directory)
  const { connections } = silence
  const product = { name: 'acme-tool', version: '1.2.3' }
  await createAcme({ product, state: directory }).consent.set('disabled', { by: 'alice' })
  letMinutePass(directory)

  await once(spawn(process.execPath, [script, directory], { env: {}, stdio: 'ignore' }), 'exit')

  assert.equal(silence.connections, connections)
  assert.deepEqual(readdirSync(path.join(directory, 'outbox')), [])
  assert.equal(existsSync(jobOf(directory)), false)
})

test('where no child process may be started, the tool ends as ever, and the report waits for a run that may', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const order = options(receiver.endpoint, scratch.directory)
  const flags = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*', '--no-warnings']
  assert.deepEqual(await runTool(order, { environment: { OTEL_USAGE_DETACHED: '1' } }), DONE)
  assert.deepEqual(await runTool(order, { flags }), DONE)
  assert.equal(receiver.connections, 0)
  await runTool({ ...order, delivery: { within: '15s' } })
  assert.equal(numbersOf(receiver.received[0]?.json ?? assert.fail())['acme.runs'], 3)
})

test('what the operator has set holds for the child too', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const consent = { default: 'disabled' }
  await runTool(
    { ...options('https://usage.acme.test', scratch.directory), consent },
    {
      environment: {
        ACME_TOOL_TELEMETRY_ENDPOINT: receiver.endpoint,
        ACME_TOOL_TELEMETRY_EXCLUDE: 'acme.users',
        ACME_TOOL_TELEMETRY: 'on',
      },
    },
  )
  await until(() => receiver.received.length > 0)
  await delivered(scratch.directory)
  const { json } = receiver.received[0] ?? assert.fail()
  assert.equal(numbersOf(json)['acme.users'], undefined)
  assert.equal(numbersOf(json)['acme.files{type=source}'], 7)
})

test('the child trusts whom the tool trusts, by whatever way, and finds what its executable needs', {
  skip,
}, async () => {
  using scratch = createScratch()
  const { directory } = scratch
  using silence = await startStubborn()
  const state = path.join(directory, 'state')
  await runTool(options(silence.endpoint, state), {
    cwd: directory,
    flags: ['--tls_min_v1.3'],
    environment: {
      NODE_OPTIONS: '--no-warnings "--use-openssl-ca"',
      SSL_CERT_FILE: 'certificates.pem',
      SSL_CERT_DIR: `/etc/certificates${path.delimiter}more`,
      LD_LIBRARY_PATH: `${path.delimiter}lib`,
      NODE_EXTRA_CA_CERTS: fileURLToPath(new URL('../traps/certificates/authority.crt', import.meta.url)),
      NODE_ENV: 'production',
    },
  })
  await until(() => silence.connections > 0)
  const [child = assert.fail('the child has ended already')] = deliverersOf(state)
  assert.deepEqual(child.command.slice(1, -2), ['--use-openssl-ca', '--tls-min-v1.3'])
  const {
    PATH: _,
    OTEL_USAGE_DETACHED: __,
    ...variables
  } = Object.fromEntries(child.environment.map((line) => line.split(/=(.*)/s)))
  assert.deepEqual(variables, {
    SSL_CERT_FILE: path.join(directory, 'certificates.pem'),
    SSL_CERT_DIR: `/etc/certificates${path.delimiter}${path.join(directory, 'more')}`,
    LD_LIBRARY_PATH: `${path.delimiter}${path.join(directory, 'lib')}`,
    NODE_EXTRA_CA_CERTS: fileURLToPath(new URL('../traps/certificates/authority.crt', import.meta.url)),
  })
  await killed(state)
})

for (const [way, variable, flags] of [
  ['NODE_EXTRA_CA_CERTS', 'NODE_EXTRA_CA_CERTS', []],
  ['SSL_CERT_FILE with --use-openssl-ca', 'SSL_CERT_FILE', ['--use-openssl-ca']],
] as const) {
  test(`a receiver that is known by a relative path in ${way} has the report of the child`, async () => {
    using scratch = createScratch()
    const requests: string[] = []
    const answer: RequestListener = (request, response) => {
      requests.push(request.url ?? '')
      request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{}'))
    }
    await using server = await listen(createSecureServer('server', answer))
    copyFileSync(
      new URL('../traps/certificates/authority.crt', import.meta.url),
      path.join(scratch.directory, 'authority.crt'),
    )
    const state = path.join(scratch.directory, 'state')
    await runTool(options(`https://localhost:${server.port}`, state), {
      cwd: scratch.directory,
      flags: [...flags],
      environment: { [variable]: 'authority.crt' },
    })
    await delivered(state)
    assert.deepEqual(requests, ['/v1/metrics'])
  })
}

test('where the child ends at once, the next run says so once, and from then on the runs send by themselves', async () => {
  using scratch = createScratch()
  const { directory } = scratch
  await using receiver = await startReceiver()
  // The runs have a second to send by themselves, which is too short on a machine that is busy with other things.
  const order = { ...options(receiver.endpoint, directory), explains: true, slowness: 30 }
  // In a program that ends at once in its place the child never begins.
  const flags = ['--import', "data:text/javascript,process.execPath='/bin/false'"]

  assert.deepEqual(await runTool(order, { flags }), DONE)
  letMinutePass(directory)
  const second = await runTool(order, { flags })
  assert.match(second.stderr, /^The child process .* has ended at once \(\/bin\/false .*\n$/)
  await sentBy(order, 1)
  letDaysPass(directory)
  await sentBy(order, 2)

  letDaysPass(directory)
  assert.deepEqual(await runTool(order), DONE, 'with another program it is tried again')
  await until(() => arrived() === 3)
  await delivered(directory)

  /** How many have arrived: one whose answer came too late is sent again. */
  function arrived(): number {
    return new Set(receiver.received.map(({ json }) => attributesOf(json)['usage.report.id'])).size
  }

  /** By the runs themselves. */
  async function sentBy(order: object, reports: number): Promise<void> {
    for (let run = 0; run < 5 && arrived() < reports; run++) {
      rmSync(path.join(directory, 'retry.json'), { force: true })
      const { stderr: _, ...ended } = await runTool(order, { flags })
      assert.deepEqual(ended, { stdout: DONE.stdout, code: DONE.code })
    }
    assert.equal(arrived(), reports)
  }
})

test("under Yarn Plug'n'Play no child is started, and a debug line says why", async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const order = { ...options(receiver.endpoint, scratch.directory), explains: true }
  const pnp = "Object.defineProperty(process,'versions',{value:{...process.versions,pnp:'3'}})"
  const { stderr, code } = await runTool(order, { flags: ['--import', `data:text/javascript,${pnp}`] })
  assert.equal(code, 0)
  assert.match(stderr, /^The usage report is left to a later process: under Yarn Plug'n'Play, .*\n$/)
  assert.equal(existsSync(jobOf(scratch.directory)), false)
})
