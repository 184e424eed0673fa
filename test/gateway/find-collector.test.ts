import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
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
} from '../../src/gateway.ts'
import { readManifest } from '../../src/maintainer/stack/collector/manifest.ts'
import { readPins } from '../../src/maintainer/stack/collector/pins.ts'
import { memory } from '../support/memory.ts'
import { bareEnvironment, scratchDirectory, script, until } from './scratch.ts'

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
        /^OTELCOL is '\/nowhere\/otelcol', which is not a Collector that runs here: .+ENOENT/,
      )
      return true
    })
    assert.equal(existsSync(path.join(home, 'go-was-called')), false)
  })

  test('a program other than the Collector is an error', async (t) => {
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
    const options = { ...releases.options, output }
    const first = await findCollector(options)
    assert.deepEqual([first.how, first.version], ['release', '0.161.0'])
    assert.match(
      output.text(),
      /downloading 100 %.+unpacking.+downloaded; its SHA-256 checksum is the pinned one/s,
    )
    const asked = releases.asked.length

    const second = await findCollector(options)
    assert.deepEqual(second, { ...first, how: 'cache' })
    assert.equal(releases.asked.length, asked)
  })

  test('that was forged together with its published checksum is not used', async (t) => {
    const home = await scratchDirectory(t)
    const { options, ran } = await releaseServer(t, home, { pin: 'a'.repeat(64) })
    await assert.rejects(
      findCollector(options),
      /has the SHA-256 checksum [0-9a-f]{64}, but a{64} is pinned for it; it was not used/,
    )
    assert.equal(existsSync(ran), false, 'it was run')
    assert.deepEqual(await readdir(path.join(home, '.cache/otel-usage/collector')), [])
  })

  test('without a pinned checksum is held to the published one, and no more is said', async (t) => {
    const home = await scratchDirectory(t)
    const { options } = await releaseServer(t, home, { pin: undefined })
    await findCollector(options)
    assert.match(
      options.output.text(),
      /downloaded; its SHA-256 checksum is the one published beside it at http:\S+, and none is pinned for this platform; OTELCOL_RELEASE_SHA256 can give one/,
    )
    assert.doesNotMatch(options.output.text(), /verified/)

    const other = await scratchDirectory(t)
    const wrong = await releaseServer(t, other, { pin: undefined, published: 'a'.repeat(64) })
    await assert.rejects(findCollector(wrong.options), /but a{64} is published for it; it was not used/)
  })

  test('has to have the checksum that I give, and nothing else will do', async (t) => {
    const home = await scratchDirectory(t)
    await script(path.join(home, 'bin', 'go'), `touch ${home}/go-was-called`)
    const { options, sum } = await releaseServer(t, home, { pin: undefined })
    const given = (checksum: string) => ({
      ...options,
      environment: { ...options.environment, OTELCOL_RELEASE_SHA256: checksum },
    })
    await assert.rejects(findCollector(given('b'.repeat(64))), /but b{64} is given by OTELCOL_RELEASE_SHA256/)
    assert.equal(existsSync(`${home}/go-was-called`), false)
    assert.equal((await findCollector(given(sum.toUpperCase()))).how, 'release')
    assert.equal((await findCollector(given(sum))).how, 'cache')
    await assert.rejects(
      findCollector(given('b'.repeat(64))),
      /does not come from the release with the pinned checksum/,
    )
    await assert.rejects(
      findCollector(given('d41d8cd9')),
      /OTELCOL_RELEASE_SHA256 is 'd41d8cd9', which is not a SHA-256/,
    )
  })

  test('that does not run is not kept', async (t) => {
    const home = await scratchDirectory(t)
    const { options } = await releaseServer(t, home, { program: 'exit 3' })
    await assert.rejects(findCollector(options), /the result does not run: `--version` ended with 3/)
  })

  test('is pinned for the version of the manifest', async () => {
    const { version } = await readManifest()
    const { known } = await readPins({})
    for (const platform of ['linux_amd64', 'linux_arm64', 'darwin_amd64', 'darwin_arm64']) {
      assert.ok(known.has(`otelcol-contrib_${version}_${platform}.tar.gz`), platform)
    }
  })
})

describe('a Collector in the cache', () => {
  const harms: Record<string, (program: string, ran: string) => Promise<unknown>> = {
    'that was damaged': (program) => writeFile(program, 'damaged'),
    'that was changed': (program, ran) => script(program, `touch ${ran}-changed`, SAYS_VERSION),
    'that others can write': (program) => chmod(program, 0o777),
    'in a directory that others can write': (program) => chmod(path.dirname(program), 0o775),
    'of which nobody knows where it came from': (program) =>
      rm(path.join(path.dirname(program), 'provenance.json')),
    'that is a link': async (program) => {
      await rename(program, `${program}-elsewhere`)
      await symlink(`${program}-elsewhere`, program)
    },
    ...(process.getuid?.() === 0 && {
      'that belongs to somebody else': (program: string) => chown(program, 65_534, 65_534),
    }),
  }
  for (const [which, harm] of Object.entries(harms)) {
    test(`${which} is not run, and replaced`, async (t) => {
      const home = await scratchDirectory(t)
      const { options, ran } = await releaseServer(t, home)
      const { command } = await findCollector(options)
      await rm(ran)
      await harm(command[0] as string, ran)
      await assert.rejects(findCollector({ ...options, releases: NOWHERE }), CollectorNotFoundError)
      assert.deepEqual([existsSync(ran), existsSync(`${ran}-changed`)], [false, false], 'it was run')
      assert.equal((await findCollector(options)).how, 'release')
      assert.equal((await findCollector(options)).how, 'cache')
    })
  }

  test('in a cache that others can write is not run, and neither is another one put there', async (t) => {
    const home = await scratchDirectory(t)
    const { options, ran } = await releaseServer(t, home)
    await findCollector(options)
    await rm(ran)
    await chmod(path.join(home, '.cache/otel-usage'), 0o777)
    await assert.rejects(findCollector(options), (error) => {
      assert(error instanceof DirectoryUnusableError)
      assert.match(
        error.message,
        /others can write '\S+otel-usage' \(mode 777\)\. Delete it, or set XDG_CACHE_HOME/,
      )
      return true
    })
    assert.equal(existsSync(ran), false, 'it was run')
  })
})

describe('two processes at once', () => {
  test('one builds, the other waits and says so, both get the same Collector', async (t) => {
    const { home, environment, go } = await fakeGo(t)
    const first = finder(t, home, environment)
    await until('the first builds', () => existsSync(go.builds))
    const second = finder(t, home, environment)
    await until('the second waits', () => /waiting for process \d+, which is/.test(second.stderr()))
    await writeFile(go.scheduleResume, '')

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
    await writeFile(go.scheduleResume, '')
    assert.equal((await second.found).how, 'build')
  })
})

/** An HTTP server with a release tree, the archive of a script that leaves a mark when it runs, and the checksums of it. */
async function releaseServer(
  t: TestContext,
  home: string,
  given: { program?: string; published?: string; pin?: string | undefined } = {},
) {
  const directory = path.join(home, 'release')
  await mkdir(directory)
  const ran = path.join(home, 'ran')
  await script(path.join(directory, 'otelcol-contrib'), `touch ${ran}`, given.program ?? SAYS_VERSION)
  const os = process.platform === 'darwin' ? 'darwin' : 'linux'
  const name = `otelcol-contrib_0.161.0_${os}_${process.arch === 'x64' ? 'amd64' : process.arch}.tar.gz`
  execFileSync('tar', ['-czf', name, 'otelcol-contrib'], { cwd: directory })
  const archive = await readFile(path.join(directory, name))
  const sum = createHash('sha256').update(archive).digest('hex')
  const { published = sum, pin } = { pin: sum, ...given }
  const checksums = path.join(home, 'checksums')
  await writeFile(checksums, pin === undefined ? '# none\n' : `${pin}  ${name}\n`)
  const files: Record<string, Buffer> = {
    [`/v0.161.0/${name}`]: archive,
    '/v0.161.0/opentelemetry-collector-releases_otelcol-contrib_checksums.txt': Buffer.from(
      `${'b'.repeat(64)}  something-else.tar.gz\n${published}  ${name}\n`,
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
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const options = { environment: bareEnvironment(home), releases: url, checksums, output: memory() }
  return { options, asked, ran, sum }
}

/** A `go` that installs a builder which waits for a file before it makes a Collector. */
async function fakeGo(t: TestContext) {
  const home = await scratchDirectory(t)
  const go = { builds: path.join(home, 'builds'), scheduleResume: path.join(home, 'go-on') }
  await script(
    path.join(home, 'bin', 'go'),
    '[ "$1" = version ] && { echo go version go1.26; exit; }',
    `cat > "$GOBIN/builder" <<'END'`,
    '#!/bin/sh',
    // Our own component has to lie where the manifest says.
    '[ -e origin/go.mod ] || exit 1',
    `echo built >> ${go.builds}`,
    'echo Compiling',
    `while [ ! -e ${go.scheduleResume} ]; do [ -d "${home}" ] || exit 1; sleep 0.05; done`,
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
