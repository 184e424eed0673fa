/** examples/minimal: the notice in its log, its start-up warnings and its status, after a feed file is changed by hand. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'

const host = path.resolve(import.meta.dirname, '../../examples/minimal/host.ts')

const feedOf = (issued: string, advisories: readonly unknown[] = []) =>
  JSON.stringify({
    format: 1,
    product: 'acme-notes',
    issued,
    versions: [{ version: '1.4.2' }, { version: '1.4.3' }],
    advisories,
  })

const HOLE = {
  id: 'NOTES-1',
  severity: 'critical',
  affected: '<1.4.3',
  fixedIn: ['1.4.3'],
  summary: 'Anybody can read all notes',
}

for (const [what, variable] of [
  ['on', { ACME_NOTES_TELEMETRY: 'on' }],
  ['off', { ACME_NOTES_TELEMETRY_OPTOUT: '1' }],
] as const) {
  test(`the example shows a hole in its version after its feed file was changed by hand, with telemetry ${what}`, async () => {
    using scratch = createScratch()
    const file = path.join(scratch.directory, 'feed.json')
    const environment = {
      PATH: process.env['PATH'] ?? '',
      ...variable,
      ACME_NOTES_TELEMETRY_DIR: path.join(scratch.directory, 'state'),
      ACME_NOTES_TELEMETRY_ENDPOINT: 'http://127.0.0.1:9',
      ACME_NOTES_VERSION_CHECK_FEED: pathToFileURL(file).href,
    }
    writeFileSync(file, feedOf('2026-01-01'))
    await using notes = await startNotes(environment)
    assert.equal((await notes.ask('POST', '/version/check'))['outcome'], 'changed')
    assert.match(JSON.stringify((await notes.ask('GET', '/version'))['notice']), /1\.4\.3 is available/)
    writeFileSync(file, feedOf('2026-01-02', [HOLE]))
    await notes.ask('POST', '/version/check')
    const notice =
      'Acme Notes 1.4.2 is vulnerable: NOTES-1 (critical, Anybody can read all notes), fixed in 1.4.3. ' +
      'Acme Notes 1.4.3 is available; this is 1.4.2.'
    const { warnings, ...status } = await notes.ask('GET', '/version')
    assert.ok(warnings.includes(notice), warnings.join('\n'))
    assert.equal(status['notice'].message, notice)
    assert.ok(notes.log().includes(notice), notes.log())
    await notes.stop()

    // A restart shows it again in the warnings, and not in the log.
    await using again = await startNotes(environment)
    await until(async () => (await again.ask('GET', '/version')).warnings.includes(notice))
    assert.ok(!again.log().includes(notice))
  })
}

async function startNotes(environment: Record<string, string>) {
  const child: ChildProcess = spawn(process.execPath, [host, '0'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (log += text))
  await until(() => /Acme Notes (?:sends|will)/.test(log) || child.exitCode !== null)
  const address = /http:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0]
  return {
    log: () => log,
    // biome-ignore lint/suspicious/noExplicitAny: the answers of the example are JSON.
    async ask(method: string, url: string): Promise<Record<string, any> & { warnings: string[] }> {
      return (await (await fetch(`${address}${url}`, { method })).json()) as never
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
    async [Symbol.asyncDispose]() {
      await this.stop()
    },
  }
}
