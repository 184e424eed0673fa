/** The commands as real processes: under commander, yargs and a bare argv, at a terminal, in shells, for another user. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import { createAcme } from '../support/acme.ts'
import { bundled } from '../support/bundled.ts'
import { createScratch } from '../support/scratch.ts'

const programs = createScratch()
after(() => programs[Symbol.dispose]())
chmodSync(programs.directory, 0o755)
const ACME = bundled(path.join(import.meta.dirname, 'hosts/acme.ts'), programs.directory)

/** Runs a process to its end, with no variables but those given. */
function run(command: string, args: readonly string[], environment: Record<string, string> = {}) {
  const env = { PATH: process.env['PATH'] ?? '', ...environment }
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(command, args, { env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
    child.stdin?.end()
  })
}

const acme = (directory: string, way: string, ...args: string[]) =>
  run(process.execPath, [ACME, way, ...args], { ACME_DB_TELEMETRY_DIR: directory })

for (const way of ['bare', 'commander', 'yargs']) {
  test(`a product passes on what follows its word telemetry, options included: ${way}`, async () => {
    using scratch = createScratch()
    const [off, log, wrong, help] = await Promise.all([
      acme(scratch.directory, way, 'telemetry', 'explain', '--unset', 'X', '--flag', 'off', '--json'),
      acme(scratch.directory, way, 'telemetry', 'log', '-n', '3', '--since', '2h', '--json'),
      acme(scratch.directory, way, 'telemetry', 'show', '1234'),
      acme(scratch.directory, way, 'telemetry', 'log', '--help'),
    ])
    assert.deepEqual([off.code, off.stderr], [0, ''])
    assert.equal(JSON.parse(off.stdout).verdict.source, 'flag')
    assert.deepEqual(JSON.parse(log.stdout), { entries: [] })
    assert.deepEqual([wrong.code, wrong.stdout], [5, ''])
    assert.match(help.stdout, /^Usage: acme telemetry log/)
  })
}

const isRoot = process.getuid?.() === 0
const hasSetpriv = spawnSync('setpriv', ['--version']).status === 0

test('off on an installation that this user cannot write says which variable to set, and ends with 4', {
  skip: isRoot && hasSetpriv ? false : 'this user is not root, or there is no setpriv',
}, async () => {
  using scratch = createScratch()
  chmodSync(scratch.directory, 0o755)
  const state = path.join(scratch.directory, 'state')
  await createAcme({ state }).consent.set('on', { by: 'alice' })
  chmodSync(state, 0o755)
  const { code, stdout, stderr } = await run(
    'setpriv',
    ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, ACME, 'bare', 'telemetry', 'off'],
    { ACME_DB_TELEMETRY_DIR: state },
  )
  assert.equal(code, 4, stderr)
  assert.equal(stdout, '')
  assert.match(stderr, /was not stored .*Set ACME_DB_TELEMETRY_OPTOUT=1/s)
})

const hasScript = spawnSync('script', ['--version']).status === 0

test('at a terminal there are colours and its width, and forget asks first', {
  skip: hasScript ? false : 'there is no script',
}, async () => {
  using scratch = createScratch()
  const at = (command: string, input = '') => {
    const inner = `stty cols 50; ${process.execPath} ${ACME} bare telemetry ${command}`
    const { stdout } = spawnSync('script', ['-qec', inner, '/dev/null'], {
      input,
      env: { PATH: process.env['PATH'], TERM: 'xterm', ACME_DB_TELEMETRY_DIR: scratch.directory },
    })
    return stdout.toString()
  }
  const status = at('status')
  assert.ok(status.includes('\u{1b}[32m'), status)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one.
  const lines = status.replaceAll(/\u{1b}\[\d+m/gu, '').split('\r\n')
  assert.ok(lines.some((line) => line.length > 30))
  assert.deepEqual(
    lines.filter((line) => line.length > 50 && !line.includes('/')),
    [],
  )
  assert.match(at('forget', 'no\n'), /Type yes to go on.*Nothing was erased/s)
  assert.match(at('forget', 'yes\n'), /was deleted here/)
})

test('a reader that has closed the pipe ends the command without a word', async () => {
  using scratch = createScratch()
  const command = `${process.execPath} ${ACME} bare telemetry facts | true`
  const { stderr } = await run('sh', ['-c', command], { ACME_DB_TELEMETRY_DIR: scratch.directory })
  assert.equal(stderr, '')
})

test('a reader of errors that has closed the pipe leaves the exit code as it is', {
  skip: spawnSync('bash', ['-c', 'true']).status === 0 ? false : 'there is no bash',
}, async () => {
  using scratch = createScratch()
  const command = `${process.execPath} ${ACME} bare telemetry show 1234 2>&1 >/dev/null | true; exit \${PIPESTATUS[0]}`
  const { code } = await run('bash', ['-c', command], { ACME_DB_TELEMETRY_DIR: scratch.directory })
  assert.equal(code, 5)
})

/** Asks a shell what completes a line, after it has read the completion script. */
const SHELLS: Readonly<Record<string, (script: string, line: string) => readonly string[]>> = {
  bash: (script, line) => [
    '-c',
    `source ${script}; COMP_LINE='${line}'; COMP_WORDS=(${line.endsWith(' ') ? `${line}''` : line}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _acme_telemetry_completion; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  // Without a terminal zsh completes nothing: its own functions are replaced by ones that print what they are given.
  zsh: (script, line) => [
    '-fc',
    `typeset -A _comps; compdef() { : }; compadd() { print -l -- "\${@:2}" }; _describe() { print -l -- "\${commands[@]%%:*}" }; source ${script}; words=(${line.endsWith(' ') ? `${line}''` : line}); CURRENT=\${#words}; _acme_telemetry_completion`,
  ],
  fish: (script, line) => ['--no-config', '-c', `source ${script}; complete -C '${line}'`],
}

for (const [shell, ask] of Object.entries(SHELLS)) {
  const isThere = spawnSync(shell, ['-c', 'true']).status === 0
  test(`${shell} completes the commands and their options`, {
    skip: isThere ? false : `there is no ${shell}`,
  }, async () => {
    using scratch = createScratch()
    const script = path.join(scratch.directory, 'completion')
    mkdirSync(path.join(scratch.directory, 'state'))
    const { stdout, code } = await acme(scratch.directory, 'bare', 'telemetry', 'completion', shell)
    assert.equal(code, 0)
    writeFileSync(script, stdout)
    const completed = async (line: string) => {
      const found = await run(shell, ask(script, line), { HOME: scratch.directory })
      assert.equal(found.stderr, '')
      return found.stdout.split('\n').map((text) => text.split('\t')[0])
    }
    assert.ok((await completed('acme telemetry ')).includes('status'))
    assert.ok((await completed('acme telemetry ')).includes('export'))
    assert.ok((await completed('acme telemetry log --')).includes('--since'))
    assert.ok(!(await completed('acme telemetry status --')).includes('--since'))
    assert.ok((await completed('acme ')).includes('telemetry'))
  })
}
