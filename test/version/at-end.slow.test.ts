/** Command-line tools: the check at the end of a run, by the run or by its child, and the notice after the output. Real processes. */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { bareEnvironment } from '../support/bare-environment.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { DONE, deliverersOf, runTool, TOOL } from '../telemetry/tool.ts'
import { acmeFeed, startFeedServer } from './feeds.ts'

const run = promisify(execFile)

/** A feed for the tool, which is version 1.2.3. */
const feed = () =>
  acmeFeed({
    product: 'acme-tool',
    versions: [{ version: '1.3.0' }],
    advisories: [{ id: 'ACME-1', severity: 'critical', affected: '<1.3.0', fixedIn: ['1.3.0'] }],
    issued: '2026-01-01',
  })

const optionsOf = (state: string, server: { readonly feed: string }, more: object = {}) => ({
  state,
  endpoint: 'http://127.0.0.1:9',
  delivery: { within: '15s' },
  schedule: { initialDelay: '0s' },
  versionCheck: { feed: server.feed, mode: 'independent' },
  ...more,
})

/** Runs the tool on a terminal, and returns what the terminal shows. */
async function onTerminal(options: object, environment: Record<string, string> = {}, args: string[] = []) {
  const command = [process.execPath, TOOL, JSON.stringify(options), ...args].map(quoted).join(' ')
  const { stdout } = await run('script', ['-qec', command, '/dev/null'], {
    env: { ...bareEnvironment(), ...environment },
  })
  return stdout.replaceAll('\r\n', '\n')
}

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`

const hasScript = (() => {
  try {
    execFileSync('script', ['--version'])
    return true
  } catch {
    return false
  }
})()
const skip = hasScript ? false : 'there is no script(1) here that makes a terminal'

test('a tool reads the feed at its end once a day, and prints nothing to a pipe', async () => {
  using scratch = createScratch()
  await using server = await startFeedServer(feed())
  const options = optionsOf(scratch.directory, server)
  for (let count = 0; count < 3; count++) assert.deepEqual(await runTool(options), DONE)
  assert.equal(server.requests.length, 1)
})

test('a tool that is opted out of reports reads the feed all the same, where the product makes independent checks', async () => {
  using scratch = createScratch()
  await using server = await startFeedServer(feed())
  const environment = { ACME_TOOL_TELEMETRY_OPTOUT: '1' }
  assert.deepEqual(await runTool(optionsOf(scratch.directory, server), { environment }), DONE)
  assert.equal(server.requests.length, 1)
})

test('a feed that does not answer costs a run its time at most', async () => {
  using scratch = createScratch()
  await using server = await startFeedServer(() => {})
  const options = optionsOf(scratch.directory, server, { delivery: { within: '1s' } })
  const began = performance.now()
  assert.deepEqual(await runTool(options, { environment: { ACME_TOOL_TELEMETRY_OPTOUT: '1' } }), DONE)
  assert.ok(performance.now() - began < 10_000)
})

test('the child process that reports reads the feed', async () => {
  using scratch = createScratch()
  await using server = await startFeedServer(feed())
  const options = optionsOf(scratch.directory, server, { delivery: 'detached' })
  assert.deepEqual(await runTool(options), DONE)
  await until(() => server.requests.length === 1 && deliverersOf(scratch.directory).length === 0)
})

test('a child is started for the feed alone, and not under the opt-out of the checks', async () => {
  using scratch = createScratch()
  await using server = await startFeedServer(feed())
  const options = optionsOf(scratch.directory, server, { delivery: 'detached' })
  const off = { ACME_TOOL_TELEMETRY_OPTOUT: '1' }
  await runTool(options, { environment: { ...off, ACME_TOOL_VERSION_CHECK_OPTOUT: '1' } })
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  assert.equal(server.connections, 0)
  await runTool(options, { environment: off })
  await until(() => server.requests.length === 1 && deliverersOf(scratch.directory).length === 0)
})

test('on a terminal the notice comes after the output, once a day', { skip }, async () => {
  using scratch = createScratch()
  await using server = await startFeedServer(feed())
  const options = optionsOf(scratch.directory, server)
  const first = await onTerminal(options)
  assert.match(
    first,
    /^done\n\nacme-tool 1\.2\.3 is vulnerable: ACME-1 \(critical\), fixed in 1\.3\.0\..*\n$/s,
  )
  assert.equal(await onTerminal(options), 'done\n')
})

for (const [what, environment, args] of [
  ['NO_UPDATE_NOTIFIER', { NO_UPDATE_NOTIFIER: '1' }, []],
  ['CI', { CI: 'true' }, []],
  ['JSON output', {}, ['--json']],
] as const) {
  test(`on a terminal nothing is printed under ${what}`, { skip }, async () => {
    using scratch = createScratch()
    await using server = await startFeedServer(feed())
    const shown = await onTerminal(optionsOf(scratch.directory, server), environment, [...args])
    assert.equal(shown, 'done\n')
    assert.equal(server.requests.length, 1)
  })
}
