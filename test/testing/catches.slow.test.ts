/** What the proof would not miss, and what it does not take for a breach; by each tracer. */
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type ActionKind, observeHost, straceProblem, type Tracer } from '../../src/testing/index.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const host = path.join(import.meta.dirname, 'hosts/acts.ts')
const tracers: ReadonlyArray<readonly [Tracer, string | false]> = [
  ['strace', (await straceProblem()) ?? false],
  ['node', false],
]
let receiver: Receiver

before(async () => {
  receiver = await startReceiver()
})
after(() => receiver[Symbol.asyncDispose]())

/** What a host does, the kind that it must be found as, and words of how each tracer puts it. */
const CAUGHT: ReadonlyArray<readonly [string, ActionKind, Readonly<Record<Tracer, RegExp>>]> = [
  [
    'connect',
    'socket',
    { strace: /^connect AF_INET 127\.0\.0\.1:PORT$/, node: /^connect 127\.0\.0\.1:PORT/ },
  ],
  ['listen', 'socket', { strace: /^bind AF_INET 127\.0\.0\.1:0$/, node: /^TCP server/ }],
  ['fetch', 'socket', { strace: /^connect AF_INET 127\.0\.0\.1:PORT$/, node: /^connect 127\.0\.0\.1:PORT/ }],
  [
    'datagram',
    'socket',
    { strace: /^sendmsg AF_INET 127\.0\.0\.1:PORT$/, node: /^UDP socket .*acts\.ts:\d+\)$/ },
  ],
  ['local socket', 'socket', { strace: /^connect AF_UNIX .*nobody\.sock$/, node: /^connect .*nobody\.sock/ }],
  ['lookup', 'dns', { strace: /^openat \/etc\/hosts$/, node: /^lookup localhost .*acts\.ts:\d+\)$/ }],
  ['resolve', 'dns', { strace: /^connect AF_INET 127\.0\.0\.1:53$/, node: /^queryA usage\.acme\.example/ }],
  ['spawn', 'child-process', { strace: /^execve .*node$/, node: /^spawn .*node \(.*acts\.ts:\d+\)$/ }],
  ['execFile', 'child-process', { strace: /^execve .*node$/, node: /^spawn .*node \(/ }],
  ['execFileSync', 'child-process', { strace: /^execve .*node$/, node: /^execFileSync .*node \(/ }],
  ['fork', 'child-process', { strace: /^execve .*node$/, node: /^spawn .*node \(/ }],
  [
    'write id',
    'identity-file',
    { strace: /^openat .*\/installation\.json$/, node: /^writeFile .*installation\.json/ },
  ],
  [
    'write id aside',
    'identity-file',
    { strace: /^rename .*\/installation\.json$/, node: /^rename .*installation\.json/ },
  ],
  [
    'read id',
    'identity-file',
    { strace: /^openat .*\/installation\.json$/, node: /^readFile .*installation\.json/ },
  ],
  ['read id by its own name', 'identity-file', { strace: /^openat /, node: /^readFile / }],
  ['open id', 'identity-file', { strace: /^openat /, node: /^open / }],
  ['write id and exit at once', 'identity-file', { strace: /^openat /, node: /^writeFile / }],
  ['write id and die', 'identity-file', { strace: /^openat /, node: /^writeFile / }],
]

const SILENT = ['nothing', 'keep files', 'delete id', 'keep an id of something else', 'exit at once']

const ELSEWHERE = {
  thread: 'a thread',
  'text-thread': 'a thread that runs a text',
  'bare-thread': 'a thread with an empty environment',
  child: 'a child process',
}

for (const [tracer, skip] of tracers) {
  describe(`as ${tracer} sees it`, { concurrency: 3 }, () => {
    for (const [act, kind, details] of CAUGHT) {
      test(`a host that does this is caught: ${act}`, { skip }, async () => {
        const actions = await run(tracer, act)
        const detail = new RegExp(details[tracer].source.replace('PORT', new URL(receiver.endpoint).port))
        assert.ok(
          actions.some((action) => action.kind === kind && detail.test(action.detail)),
          `${detail} is not in ${JSON.stringify(actions)}`,
        )
      })
    }

    for (const [where, inWords] of Object.entries(ELSEWHERE)) {
      for (const [act, kind] of [
        ['fetch', 'socket'],
        ['read id', 'identity-file'],
      ] as const) {
        test(`a host is caught that does this from ${inWords}: ${act}`, { skip }, async () => {
          const kinds = new Set((await run(tracer, act, where)).map((action) => action.kind))
          assert.deepEqual(kinds, new Set(where === 'child' ? ['child-process', kind] : [kind]))
        })
      }
    }

    for (const act of SILENT) {
      test(`a host that does this is silent: ${act}`, { skip }, async () => {
        assert.deepEqual(await run(tracer, act), [])
      })
    }

    test('a thread alone is silent', { skip }, async () => {
      assert.deepEqual(await run(tracer, 'nothing', 'thread'), [])
    })

    test('the state directory is the same by another name', { skip }, async () => {
      using scratch = createScratch()
      mkdirSync(path.join(scratch.directory, 'real'))
      symlinkSync('real', path.join(scratch.directory, 'link'))
      for (const [seen, used] of [
        ['real', 'link'],
        ['link', 'real'],
      ] as const) {
        const { actions } = await observeHost({
          command: [process.execPath, host, 'write id', path.join(scratch.directory, used), '0'],
          stateDirectory: path.join(scratch.directory, seen),
          tracer,
        })
        assert.deepEqual(new Set(actions.map(({ kind }) => kind)), new Set(['identity-file']))
      }
    })
  })
}

async function run(tracer: Tracer, act: string, where?: string) {
  using scratch = createScratch()
  const stateDirectory = path.join(scratch.directory, 'state')
  mkdirSync(stateDirectory)
  writeFileSync(path.join(stateDirectory, 'installation.json'), '{}')
  const { port } = new URL(receiver.endpoint)
  const observation = await observeHost({
    command: [process.execPath, host, act, stateDirectory, port, ...(where ? [where] : [])],
    stateDirectory,
    tracer,
  })
  assert.equal(observation.tracer, tracer)
  assert.equal(observation.stderr, '')
  return observation.actions
}
