import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  CollectorNotFoundError,
  CollectorUnusableError,
  DirectoryUnusableError,
  findCollector,
} from '../../src/gateway/index.ts'
import { bareEnvironment, memory, scratchDirectory, script, until } from './scratch.ts'

const NOWHERE = 'http://127.0.0.1:1/releases'
const SAYS_VERSION = 'echo "otelcol-contrib version 0.161.0"'

describe('OTELCOL', () => {
  test('a Collector that I name is used, with the version that it says', async (t) => {
    const home = await scratchDirectory(t)
    const mine = await script(path.join(home, 'my-collector'), SAYS_VERSION)
    const found = await findCollector({ environment: { ...bareEnvironment(home), OTELCOL: mine } })
    assert.deepEqual(found, { command: [mine], version: '0.161.0', how: 'variable' })
  })

  test('a path that leads nowhere is an error, and nothing else is tried instead', async (t) => {
    const home = await scratchDirectory(t)
    await script(path.join(home, 'bin', 'go'), `touch ${home}/go-was-called`)
    const environment = { ...bareEnvironment(home), OTELCOL: '/nowhere/otelcol' }
    await assert.rejects(findCollector({ environment, output: memory() }), (error) => {
      assert(error instanceof CollectorUnusableError)
      assert.equal(error.code, 'ERR_USAGE_COLLECTOR_UNUSABLE')
      assert.match(
        error.message,
        /^OTELCOL is '\/nowhere\/otelcol', but that is no Collector that runs here: .+ENOENT/,
      )
      return true
    })
    assert.equal(existsSync(path.join(home, 'go-was-called')), false)
  })

  test('a program that is no Collector is an error', async (t) => {
    const home = await scratchDirectory(t)
    const mine = await script(path.join(home, 'not-a-collector'), 'echo hello')
    await assert.rejects(
      findCollector({ environment: { ...bareEnvironment(home), OTELCOL: mine } }),
      /printed 'hello', which names no version/,
    )
  })
})

describe('nothing works', () => {
  test('one message names every way, why it failed, and what to do', async (t) => {
    const home = await scratchDirectory(t)
    await assert.rejects(
      findCollector({ environment: bareEnvironment(home), releases: NOWHERE, output: memory() }),
      (error) => {
        assert(error instanceof CollectorNotFoundError)
        assert.deepEqual(
          error.ways.map(({ way }) => way),
          [
            'the variable OTELCOL',
            'the cache',
            'the official release of otelcol-contrib 0.161.0',
            'a build with the Collector Builder',
            'Docker',
          ],
        )
        for (const { way, reason } of error.ways) assert(error.message.includes(`  - ${way}: ${reason}`))
        assert.match(error.message, /Go is not installed/)
        assert.match(error.message, /ECONNREFUSED|bad port/)
        assert.match(error.message, /set OTELCOL to its path/)
        return true
      },
    )
    assert.deepEqual(await readdir(path.join(home, '.cache/otel-usage/collector')), [])
  })

  test('a cache directory that cannot be made is named', async (t) => {
    const home = await scratchDirectory(t)
    await writeFile(path.join(home, 'file'), '')
    await assert.rejects(
      findCollector({ environment: bareEnvironment(home), cache: path.join(home, 'file'), output: memory() }),
      DirectoryUnusableError,
    )
  })
})

describe('the official release', () => {
  test('is downloaded, verified, kept, and the next time comes from the cache', async (t) => {
    const home = await scratchDirectory(t)
    const releases = await releaseServer(t, home)
    const output = memory()
    const options = { environment: bareEnvironment(home), releases: releases.url, output }
    const first = await findCollector(options)
    assert.deepEqual([first.how, first.version], ['release', '0.161.0'])
    assert.match(output.text(), /downloading 100 %.+unpacking.+downloaded and verified/s)
    const asked = releases.asked.length

    const second = await findCollector(options)
    assert.deepEqual(second, { ...first, how: 'cache' })
    assert.equal(releases.asked.length, asked)
  })

  test('with a wrong checksum is not used', async (t) => {
    const home = await scratchDirectory(t)
    const { url } = await releaseServer(t, home, { checksum: 'a'.repeat(64) })
    await assert.rejects(
      findCollector({ environment: bareEnvironment(home), releases: url, output: memory() }),
      /has the SHA-256 checksum [0-9a-f]{64}, but a{64} is published for it; it was not used/,
    )
    assert.deepEqual(await readdir(path.join(home, '.cache/otel-usage/collector')), [])
  })

  test('that does not run is not kept', async (t) => {
    const home = await scratchDirectory(t)
    const { url } = await releaseServer(t, home, { program: 'exit 3' })
    await assert.rejects(
      findCollector({ environment: bareEnvironment(home), releases: url, output: memory() }),
      /what came out does not run: `--version` ended with 3/,
    )
  })

  test('replaces a cached one that was damaged', async (t) => {
    const home = await scratchDirectory(t)
    const { url } = await releaseServer(t, home)
    const options = { environment: bareEnvironment(home), releases: url, output: memory() }
    const { command } = await findCollector(options)
    await writeFile(command[0] as string, 'damaged')
    assert.equal((await findCollector(options)).how, 'release')
    assert.equal((await findCollector(options)).how, 'cache')
  })
})

describe('two processes at once', () => {
  test('one builds, the other waits and says so, both get the same Collector', async (t) => {
    const { home, environment, go } = await fakeGo(t)
    const first = finder(t, home, environment)
    await until('the first builds', () => existsSync(go.builds))
    const second = finder(t, home, environment)
    await until('the second waits', () => /waiting for process \d+, which is/.test(second.stderr()))
    await writeFile(go.goOn, '')

    const [one, other] = await Promise.all([first.found, second.found])
    assert.deepEqual([one.how, other.how], ['build', 'cache'])
    assert.deepEqual(one.command, other.command)
    assert.equal((await readFile(go.builds, 'utf8')).trim().split('\n').length, 1)
    assert.match(
      first.stderr(),
      /installing the Collector Builder.+building the Collector.+compiling it.+built/s,
    )
    const kept = await readdir(path.dirname(path.dirname(one.command[0] as string)))
    assert.equal(kept.length, 1, `nothing but the Collector is left: ${kept}`)
  })

  test('the one that waits takes over when the one that builds is killed', async (t) => {
    const { home, environment, go } = await fakeGo(t)
    const first = finder(t, home, environment)
    await until('the first builds', () => existsSync(go.builds))
    const second = finder(t, home, environment)
    await until('the second waits', () => /waiting for process/.test(second.stderr()))
    first.found.catch(() => {})
    first.process.kill('SIGKILL')
    await writeFile(go.goOn, '')
    assert.equal((await second.found).how, 'build')
  })
})

/** An HTTP server with a release tree: the archive of a script, and the checksums. */
async function releaseServer(
  t: TestContext,
  home: string,
  { program = SAYS_VERSION, checksum }: { program?: string; checksum?: string } = {},
) {
  const directory = path.join(home, 'release')
  await mkdir(directory)
  await script(path.join(directory, 'otelcol-contrib'), program)
  const os = process.platform === 'darwin' ? 'darwin' : 'linux'
  const name = `otelcol-contrib_0.161.0_${os}_${process.arch === 'x64' ? 'amd64' : process.arch}.tar.gz`
  execFileSync('tar', ['-czf', name, 'otelcol-contrib'], { cwd: directory })
  const archive = await readFile(path.join(directory, name))
  const sum = checksum ?? createHash('sha256').update(archive).digest('hex')
  const files: Record<string, Buffer> = {
    [`/v0.161.0/${name}`]: archive,
    '/v0.161.0/opentelemetry-collector-releases_otelcol-contrib_checksums.txt': Buffer.from(
      `${'b'.repeat(64)}  something-else.tar.gz\n${sum}  ${name}\n`,
    ),
  }
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url as string)
    const file = files[request.url as string]
    response.writeHead(file ? 200 : 404, {
      connection: 'close',
      ...(file && { 'content-length': file.length }),
    })
    response.end(file)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

/** A `go` that installs a builder which waits for a file before it makes a Collector. */
async function fakeGo(t: TestContext) {
  const home = await scratchDirectory(t)
  const go = { builds: path.join(home, 'builds'), goOn: path.join(home, 'go-on') }
  await script(
    path.join(home, 'bin', 'go'),
    '[ "$1" = version ] && { echo go version go1.26; exit; }',
    `cat > "$GOBIN/builder" <<'END'`,
    '#!/bin/sh',
    // Our own component has to lie where the manifest says.
    '[ -e origin/go.mod ] || exit 1',
    `echo built >> ${go.builds}`,
    'echo Compiling',
    `while [ ! -e ${go.goOn} ]; do [ -d "${home}" ] || exit 1; sleep 0.05; done`,
    'mkdir -p _build',
    `printf '#!/bin/sh\\n${SAYS_VERSION}\\n' > _build/usage-gateway`,
    'chmod +x _build/usage-gateway',
    'END',
    'chmod +x "$GOBIN/builder"',
  )
  return { home, environment: bareEnvironment(home), go }
}

function finder(t: TestContext, home: string, environment: Record<string, string>) {
  const child: ChildProcess = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('processes/find-collector.ts', import.meta.url)),
      JSON.stringify({ releases: NOWHERE }),
    ],
    { env: environment, cwd: home, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  t.after(() => child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const found = new Promise<{ how: string; command: string[] }>((resolve, reject) => {
    child.on('close', (code) => (code === 0 ? resolve(JSON.parse(stdout)) : reject(new Error(stderr))))
  })
  return { process: child, found, stderr: () => stderr }
}
