import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startGuarded } from '../../src/maintainer/stack/process/guarded-process.ts'
import { scratchDirectory, until } from './scratch.ts'

const environment = process.env

test('a server ends when the process that started it is killed', async (t) => {
  const parent = await startParent(t, ['sleep', '1000'])
  parent.process.kill('SIGKILL')
  await until('the server has ended', () => !isAlive(parent.server))
})

test('a server that ignores the first signal ends too', async (t) => {
  const parent = await startParent(t, ['sh', '-c', "trap '' TERM; while :; do sleep 0.1; done"])
  parent.process.kill('SIGKILL')
  await until('the server has ended', () => !isAlive(parent.server))
})

test('where the process that starts a server is killed at once, no server is left', async (t) => {
  const script = fileURLToPath(new URL('../../src/maintainer/stack/process/guard.ts', import.meta.url))
  const file = path.join(await scratchDirectory(t), 'pid')
  for (const delay of [0, 40]) {
    const command = ['sh', '-c', `echo $$ > ${file}; exec sleep 1000`]
    const guard = spawn(process.execPath, [script, '200', ...command], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const ended = once(guard, 'exit')
    await new Promise((resolve) => setTimeout(resolve, delay))
    guard.disconnect()
    await ended
    const pid = Number(await readFile(file, 'utf8').catch(() => 0))
    if (pid > 0) await until('the server has ended', () => !isAlive(pid), 2_000)
  }
})

test('stop lets a server finish what it is at, and can be called twice', async () => {
  const lines: string[] = []
  const server = await startGuarded({
    command: ['sh', '-c', "trap 'echo finished; exit 0' TERM; echo ready; while :; do sleep 0.05; done"],
    environment,
    onLine: (line) => lines.push(line),
  })
  await until('it is ready', () => lines.includes('ready'))
  await Promise.all([server.stop(), server.stop()])
  assert.deepEqual(lines, ['ready', 'finished'])
  assert.equal((await server.exited).code, 0)
})

test('a server that ends by itself reports its exit code, and its last lines are kept', async () => {
  const server = await startGuarded({ command: ['sh', '-c', 'echo no room; exit 7'], environment })
  assert.deepEqual(await server.exited, { code: 7 })
  assert.deepEqual(server.lastLines(), ['no room'])
})

test('a command that does not exist is an error', async () => {
  await assert.rejects(startGuarded({ command: ['/nowhere/server'], environment }), /ENOENT/)
})

async function startParent(t: { after(hook: () => void): void }, command: string[]) {
  const script = fileURLToPath(new URL('processes/start-guarded.ts', import.meta.url))
  const parent = spawn(process.execPath, [script, ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => parent.kill('SIGKILL'))
  const [line] = await once(createInterface({ input: parent.stdout }), 'line')
  const server = Number(line)
  assert(isAlive(server))
  return { process: parent, server }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
