/** How a host is run and what is said of it, beyond what it did. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, realpathSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import {
  assertOffIsOff,
  assertSilent,
  HostNotObservedError,
  HostNotSilentError,
  type HostObservation,
  observeAndAssertSilent,
  observeHost,
  straceProblem,
  type Tracer,
} from '../../src/testing/index.ts'
import { createScratch } from '../support/scratch.ts'

const host = path.join(import.meta.dirname, 'hosts/acts.ts')
const command = (...args: string[]) => [process.execPath, host, ...args]
const problem = await straceProblem()
const tracers: ReadonlyArray<readonly [Tracer, string | false]> = [
  ['strace', problem ?? false],
  ['node', false],
]

for (const [tracer, skip] of tracers) {
  describe(`as ${tracer} sees it`, () => {
    test('a host that fails proves nothing, and its own words say why', { skip }, async () => {
      await assert.rejects(observeAndAssertSilent({ command: command('fail'), tracer }), {
        name: 'HostNotSilentError',
        code: 'ERR_USAGE_HOST_NOT_SILENT',
        message:
          'The host failed, so that its silence would prove nothing: it ended with exit code 3. ' +
          'The end of its standard error:\n    There is no configuration.',
      })
    })

    const hostBy = (acts: Record<string, string>) => ({
      command: command(acts['ACT'] ?? '', '/nowhere', '9'),
      environment: process.env,
      tracer,
    })

    test('a host that is silent while off and sends while on is proven', { skip }, async () => {
      const proof = await assertOffIsOff(hostBy, { off: { ACT: 'nothing' }, on: { ACT: 'connect' } })
      assert.deepEqual([proof.off.actions, proof.on.actions.length > 0], [[], true])
    })

    test('a host that sends nothing while on, or fails then, is not proven by its silence', {
      skip,
    }, async () => {
      for (const [act, message] of [
        ['nothing', /the host sent nothing either/],
        ['fail', /the host failed: it ended with exit code 3/],
      ] as const) {
        await assert.rejects(assertOffIsOff(hostBy, { off: { ACT: 'nothing' }, on: { ACT: act } }), {
          code: 'ERR_USAGE_PROOF_WITHOUT_CONTROL',
          message,
        })
      }
      const letsAllThrough = (acts: Record<string, string>) => ({ ...hostBy(acts), except: () => true })
      await assert.rejects(
        assertOffIsOff(letsAllThrough, { off: { ACT: 'nothing' }, on: { ACT: 'connect' } }),
        { code: 'ERR_USAGE_PROOF_WITHOUT_CONTROL' },
      )
    })

    test('a server is stopped when it has printed what is waited for', { skip }, async () => {
      const observation = await observeAndAssertSilent({
        command: command('stay up'),
        stopWhen: ({ stdout }) => stdout.includes('ready'),
        tracer,
      })
      const { actions, ...rest } = observation
      assert.deepEqual(rest, {
        tracer,
        exitCode: null,
        signal: 'SIGTERM',
        stopped: true,
        stdout: 'Acme DB is ready.\n',
        stderr: '',
      })
      assert.deepEqual(actions, [])
    })

    test('a host that does not end in time is ended, and there is no observation', { skip }, async () => {
      await assert.rejects(
        observeHost({ command: command('stay up'), timeout: '1s', tracer }),
        (error) => error instanceof HostNotObservedError && /did not end within 1000 ms/.test(error.message),
      )
    })

    test('a program that is not there is named', { skip }, async () => {
      await assert.rejects(
        observeHost({ command: ['/nowhere/acme', '--check'], tracer }),
        (error) =>
          error instanceof HostNotObservedError &&
          error.message.startsWith('The host could not be started (/nowhere/acme --check)'),
      )
    })

    test('the host runs in the given directory, with the given environment and options', {
      skip,
    }, async () => {
      using scratch = createScratch()
      writeFileSync(path.join(scratch.directory, 'preload.cjs'), "globalThis.preloaded = 'preloaded'\n")
      writeFileSync(
        path.join(scratch.directory, 'host.mjs'),
        'console.log(process.cwd(), globalThis.preloaded, Object.keys(process.env).sort().join())\n',
      )
      const { stdout } = await observeHost({
        command: [process.execPath, 'host.mjs'],
        cwd: scratch.directory,
        environment: { ACME_DB_TELEMETRY: 'off', NODE_OPTIONS: '--require ./preload.cjs' },
        tracer,
      })
      const [cwd, preloaded, names = ''] = stdout.trim().split(' ')
      assert.equal(cwd, realpathSync(scratch.directory))
      assert.equal(preloaded, 'preloaded')
      assert.deepEqual(
        names.split(',').filter((name) => name !== 'UV_USE_IO_URING'),
        ['ACME_DB_TELEMETRY', 'NODE_OPTIONS'],
      )
    })

    test('a program that finds Node.js by its first line is a host', { skip }, async () => {
      using scratch = createScratch()
      const program = path.join(scratch.directory, 'acme')
      writeFileSync(program, "#!/usr/bin/env node\nconsole.log('Acme DB 2.4.0')\n")
      chmodSync(program, 0o755)
      const PATH = `/nowhere${path.delimiter}${path.dirname(process.execPath)}`
      const { stdout } = await observeAndAssertSilent({ command: [program], environment: { PATH }, tracer })
      assert.equal(stdout, 'Acme DB 2.4.0\n')
    })
  })
}

test('a host that the hooks do not get into is not taken for silent', async () => {
  await assert.rejects(observeHost({ command: ['/bin/sh', '-c', 'exit 0'], tracer: 'node' }), {
    name: 'HostNotObservedError',
    code: 'ERR_USAGE_HOST_NOT_OBSERVED',
    message: /The hooks did not come into the host \(\/bin\/sh -c exit 0\): it is not a Node\.js process/,
  })
})

test('left to itself, strace watches where it can', async () => {
  const { tracer } = await observeHost({ command: command('nothing') })
  assert.equal(tracer, problem === undefined ? 'strace' : 'node')
})

test('where there is no strace, the hooks watch, and a test that insists on strace gets the reason', async () => {
  const observer = path.join(import.meta.dirname, 'hosts/observer.ts')
  const run = async (tracer: string) =>
    JSON.parse((await promisify(execFile)(process.execPath, [observer, tracer], { env: {} })).stdout)
  const problem = process.platform === 'linux' ? 'strace is not installed' : 'strace is for Linux'
  assert.deepEqual(await run('auto'), { tracer: 'node', problem })
  assert.deepEqual(await run('strace'), { code: 'ERR_USAGE_TRACER_UNAVAILABLE', problem })
})

test('an empty command and an invalid timeout are mistakes', async () => {
  await assert.rejects(observeHost({ command: [] }), { code: 'ERR_USAGE_TESTING_OPTIONS' })
  await assert.rejects(
    observeHost({ command: command('nothing'), timeout: 'soon' as '1s' }),
    /^HostTestingOptionsError: timeout is 'soon'/,
  )
})

const NOISY: HostObservation = {
  tracer: 'strace',
  exitCode: 0,
  signal: null,
  stopped: false,
  stdout: '',
  stderr: '',
  actions: [
    { kind: 'socket', detail: 'bind AF_INET6 [::]:8080' },
    { kind: 'dns', detail: 'openat /etc/hosts' },
  ],
}

test('one message names everything that the host did', () => {
  assert.throws(() => assertSilent(NOISY), {
    name: 'HostNotSilentError',
    code: 'ERR_USAGE_HOST_NOT_SILENT',
    message: [
      'The host was not silent; its system calls show:',
      '  - socket: bind AF_INET6 [::]:8080',
      '  - dns: openat /etc/hosts',
    ].join('\n'),
  })
})

test('what the product does by itself can be let through, and nothing else with it', () => {
  const except = ({ detail }: { detail: string }) => detail.endsWith(':8080')
  assert.throws(
    () => assertSilent(NOISY, { except }),
    (error) => error instanceof HostNotSilentError && error.actions.map(({ kind }) => kind).join() === 'dns',
  )
  assert.doesNotThrow(() => assertSilent(NOISY, { except: () => true }))
})

test('of a host that fails and is not silent, both are reported', () => {
  assert.throws(
    () => assertSilent({ ...NOISY, exitCode: null, signal: 'SIGSEGV' }),
    /not silent[\s\S]*ended with the signal SIGSEGV\. It wrote nothing to its standard error\./,
  )
})
