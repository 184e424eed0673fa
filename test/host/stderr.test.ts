import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { suite, test } from 'node:test'
import { bundled } from '../support/bundled.ts'

const host = bundled(path.join(import.meta.dirname, 'hosts/debugs.ts'))
const skip = process.platform === 'win32' ? 'shells differ' : false

/** What the shell does with the standard error of the host. */
const REDIRECTIONS = {
  'that nobody reads any more': '2> >(exec 0<&-)',
  'on a full disk': '2> /dev/full',
  'that was closed before the start': '2>&-',
  'that can only be read': '2< /dev/null',
} as const

suite('reports that an operator wants to see', { concurrency: true, skip }, () => {
  for (const [name, redirection] of Object.entries(REDIRECTIONS)) {
    test(`a standard error ${name} does not end the host, and nothing is left listening`, async () => {
      const child = spawn('bash', ['-c', `exec "$0" "$1" ${redirection}`, process.execPath, host], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
      assert.deepEqual([output, code], ['alive, 0 listeners\n', 0])
    })
  }

  test('the end of a pipe that is closed between two reports does not end the host', async () => {
    const child = spawn(process.execPath, [host], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stderr.once('data', () => child.stderr.destroy())
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    assert.deepEqual([output, code], ['alive, 0 listeners\n', 0])
  })
})
