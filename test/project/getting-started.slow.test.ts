/**
 * docs/getting-started.md, as a maintainer follows it: from top to bottom in an empty folder, with the package as it is published, a real
 * gateway and a real store. A block that begins with a file's name is written to that file. A block of `sh` is run, and a block of
 * `text` after it is what it prints, where `…` stands for anything. `sh terminal=server` goes on running in a terminal of that name;
 * what ran there is ended by Ctrl-C before. `sh until=30s` is run again until it prints what it should.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { lexer } from 'marked'
import { freePort } from '../../src/gateway.ts'
import { createScratch } from '../support/scratch.ts'

const root = path.resolve(import.meta.dirname, '../..')
const scratch = createScratch()
const folder = path.join(scratch.directory, 'acme-notes')
const terminals = new Map<string, { stop(): Promise<void> }>()
/** What the page says, and what it is here: packages that are on this disk already, and ports that nobody else uses. */
const replaced = new Map<string, string>()
const environment: Record<string, string> = {}

before(async () => {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', scratch.directory]
  const [packed] = JSON.parse((await promisify(execFile)('npm', args, { cwd: root })).stdout)
  mkdirSync(folder)
  const [server, gateway] = [await freePort(), await freePort()]
  replaced.set('npm install otel-usage', `npm install ${path.join(scratch.directory, packed.filename)}`)
  const store = ['chdb', 'ffi-rs', '@clickhouse/client']
  replaced.set(
    `npm install --save-dev ${store.join(' ')}`,
    ['mkdir -p node_modules/@clickhouse', ...store.map(linkTo)].join('; '),
  )
  replaced.set('8080', String(server))
  replaced.set('4318', String(gateway))
  const { HOME = '', PATH = '', XDG_CACHE_HOME, OTELCOL } = process.env
  const folders = PATH.split(path.delimiter).filter((one) => !one.startsWith(root))
  Object.assign(environment, {
    HOME,
    PATH: [path.dirname(process.execPath), ...folders].join(path.delimiter),
    XDG_STATE_HOME: path.join(scratch.directory, 'state'),
    ...(XDG_CACHE_HOME && { XDG_CACHE_HOME }),
    ...(OTELCOL && { OTELCOL }),
    npm_config_prefer_offline: 'true',
    USAGE_GATEWAY_ENDPOINT: `127.0.0.1:${gateway}`,
    USAGE_GATEWAY_INNER_ENDPOINT: `127.0.0.1:${await freePort()}`,
    USAGE_GATEWAY_ARCHIVE_ENDPOINT: `127.0.0.1:${await freePort()}`,
    USAGE_GATEWAY_HEALTH_ENDPOINT: `127.0.0.1:${await freePort()}`,
    USAGE_GATEWAY_METRICS_PORT: String(await freePort()),
    USAGE_CLICKHOUSE_HTTP_PORT: String(await freePort()),
  })
})

after(async () => {
  for (const terminal of terminals.values()) await terminal.stop()
  scratch[Symbol.dispose]()
})

/** Returns a command: half a gigabyte is not installed twice. */
function linkTo(name: string): string {
  return `ln -s '${path.join(root, 'node_modules', name)}' node_modules/${name}`
}

const steps = stepsOf(readFileSync(path.join(root, 'docs/getting-started.md'), 'utf8'))

test('the page has ten steps', () => {
  assert.equal(steps.length, 10)
})

let failed = false
for (const { title, blocks } of steps) {
  test(title, { timeout: 400_000 }, async (t) => {
    if (failed) return t.skip('a step before it failed')
    failed = true
    for (const block of blocks) await follow(block)
    failed = false
  })
}

interface Step {
  readonly title: string
  readonly blocks: Block[]
}

interface Block {
  /** The language. */
  readonly kind: string
  /** What follows the language: `terminal`, `until`. */
  readonly options: Readonly<Record<string, string>>
  readonly text: string
  expected?: string
}

function stepsOf(page: string): Step[] {
  const steps: Step[] = []
  for (const token of lexer(page)) {
    if (token.type === 'heading' && token['depth'] === 2) steps.push({ title: token['text'], blocks: [] })
    if (token.type !== 'code') continue
    const blocks = steps.at(-1)?.blocks ?? []
    const [kind = '', ...options] = String(token['lang']).split(' ')
    const last = blocks.at(-1)
    if (kind === 'text' && last) last.expected = token['text']
    else
      blocks.push({
        kind,
        text: token['text'],
        options: Object.fromEntries(options.map((one) => one.split('=') as [string, string])),
      })
  }
  return steps
}

async function follow({ kind, options, text, expected = '' }: Block): Promise<void> {
  if (kind === 'js') {
    const [, file = assert.fail(`no file's name: ${text}`)] = /^\/\/ ([\w.-]+)\n/.exec(text) ?? []
    writeFileSync(path.join(folder, file), here(`${text}\n`))
    return
  }
  assert.equal(kind, 'sh')
  const pattern = patternOf(here(expected))
  if (options['terminal'] !== undefined) return runInTerminal(options['terminal'], here(text), pattern)
  const deadline = performance.now() + 1_000 * Number.parseInt(options['until'] ?? '0', 10)
  let output = await runToEnd(here(text))
  while (!pattern.test(output) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_QUESTIONS))
    output = await runToEnd(here(text))
  }
  assert.match(output, pattern)
}

function here(text: string): string {
  return [...replaced].reduce((result, [page, real]) => result.replaceAll(page, real), text)
}

/** Matches output that has these lines; `…` stands for anything in a line, or for any lines where it has one of its own. */
function patternOf(expected: string): RegExp {
  const lines = expected.split('\n').map((line) => {
    if (line === '…') return '(?:.*\\n)*?'
    return `${line.split('…').map(escaped).join('.*')}\\n`
  })
  return new RegExp(expected === '' ? '' : `^${lines.join('')}`, 'm')
}

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)

/** Milliseconds before a command is run again: npx and the command cost a second of processor time, and the answer comes in ten. */
const BETWEEN_QUESTIONS = 3_000

const start = (text: string, { detached = false } = {}) =>
  spawn('bash', ['-euc', text], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached,
  })

async function runToEnd(text: string): Promise<string> {
  const child = start(text)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part) => (output += part))
  const [code] = await once(child, 'close')
  assert.equal(code, 0, `${text}\n${output}`)
  return output
}

async function runInTerminal(name: string, text: string, pattern: RegExp): Promise<void> {
  await terminals.get(name)?.stop()
  const child = start(text, { detached: true })
  const closed = once(child, 'close')
  terminals.set(name, {
    async stop() {
      if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), 'SIGINT')
      await closed
    },
  })
  let output = ''
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part) => {
        output += part
        if (pattern.test(output)) resolve()
      })
    void closed.then(([code]) => reject(new Error(`${text} ended with ${code}:\n${output}`)))
  })
}
