/**
 * A host that does one thing: `node acts.ts ACT STATE_DIRECTORY PORT [thread|text-thread|bare-thread|child]`. With a last word
 * it does it there.
 */
import { execFile, execFileSync, fork, spawn } from 'node:child_process'
import dgram from 'node:dgram'
import dns from 'node:dns'
import { readFileSync, writeFileSync } from 'node:fs'
import { open, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { Worker } from 'node:worker_threads'

const [act = '', state = '', port = '', where] = process.argv.slice(2)
const id = path.join(state, 'installation.json')
const ignored = () => {}

const acts: Record<string, () => unknown> = {
  connect: () => net.connect(Number(port), '127.0.0.1').on('error', ignored).end(),
  listen: () => {
    const server = net.createServer().listen(0, '127.0.0.1', () => server.close())
  },
  fetch: async () => (await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: '{}' })).text(),
  datagram: () => {
    const socket = dgram.createSocket('udp4')
    socket.send('hello', Number(port), '127.0.0.1', () => socket.close())
  },
  'local socket': () => net.connect(path.join(state, 'nobody.sock')).on('error', ignored),
  lookup: () => dns.promises.lookup('localhost'),
  resolve: () => {
    const resolver = new dns.promises.Resolver({ timeout: 200, tries: 1 })
    resolver.setServers(['127.0.0.1'])
    return resolver.resolve4('usage.acme.example').catch(ignored)
  },
  spawn: () => spawn(process.execPath, ['--version']),
  execFile: () => execFile(process.execPath, ['--version']),
  execFileSync: () => execFileSync(process.execPath, ['--version']),
  fork: () => fork(import.meta.filename, ['nothing']),
  'write id': () => writeFile(id, '{}'),
  'write id aside': async () => {
    await writeFile(path.join(state, 'new'), '{}')
    await rename(path.join(state, 'new'), id)
  },
  'read id': () => readFile(id).catch(ignored),
  'read id by its own name': () => {
    process.chdir(state)
    readFileSync('installation.json')
  },
  'open id': async () => (await open(id, 'a')).close(),

  nothing: ignored,
  'keep files': async () => {
    await writeFile(path.join(state, 'ledger.jsonl'), '{}\n')
    await readFile(path.join(state, 'ledger.jsonl'))
    await rename(path.join(state, 'ledger.jsonl'), path.join(state, 'ledger.old.jsonl'))
  },
  'delete id': async () => {
    await stat(id)
    await unlink(id)
  },
  'keep an id of something else': () => writeFile(path.join(state, '../installation.json'), '{}'),
  'exit at once': () => process.exit(0),
  'write id and exit at once': () => {
    writeFileSync(id, '{}')
    process.exit(0)
  },
  'write id and die': () => {
    writeFileSync(id, '{}')
    process.kill(process.pid, 'SIGKILL')
  },
  fail: () => {
    console.error('There is no configuration.')
    process.exit(3)
  },
  'stay up': () => {
    setInterval(ignored, 1_000)
    console.log('Acme DB is ready.')
  },
}

const places: Record<string, () => unknown> = {
  thread: () => new Worker(import.meta.filename, { argv: [act, state, port] }),
  'text-thread': () =>
    new Worker(
      `process.argv = ${JSON.stringify(process.argv.slice(0, 5))}; import(${JSON.stringify(import.meta.url)})`,
      {
        eval: true,
      },
    ),
  'bare-thread': () => new Worker(import.meta.filename, { argv: [act, state, port], env: {}, execArgv: [] }),
  child: () => fork(import.meta.filename, [act, state, port]),
}

const run = where === undefined ? acts[act] : places[where]
if (!run) throw new Error(`There is no '${where ?? act}'.`)
await run()
