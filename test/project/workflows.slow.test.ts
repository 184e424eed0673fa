/** The workflows cannot run here, so actionlint reads them: it knows the syntax, the expressions and the inputs of actions. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { createScratch } from '../support/scratch.ts'

const root = path.resolve(import.meta.dirname, '../..')
const workflows = globSync('.github/workflows/*.yml', { cwd: root }).map((file) => path.join(root, file))
const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12'
const skip = spawnSync('go', ['version']).status !== 0 && 'Go is not installed: there is no `go` on the PATH'

test('actionlint finds nothing in the workflows', { skip }, async () => {
  assert.equal(workflows.length, 2)
  assert.equal(await findings(workflows), '')
})

test('actionlint finds an input that an action does not have, and an expression that leads nowhere', {
  skip,
}, async () => {
  using scratch = createScratch()
  const file = path.join(scratch.directory, 'wrong.yml')
  const right = readFileSync(path.join(root, '.github/workflows/ci.yml'), 'utf8')
  await writeFile(
    file,
    right.replace('node-version:', 'node-versions:').replace('matrix.os', 'matrix.system'),
  )
  const found = await findings([file])
  assert.match(found, /input "node-versions" is not defined in action "actions\/setup-node@v6"/)
  assert.match(found, /property "system" is not defined/)
})

/** Returns what actionlint prints. The first call builds it, in some seconds. */
function findings(files: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('go', ['run', ACTIONLINT, '-no-color', '-oneline', ...files], (error, stdout, stderr) => {
      if (error && stdout === '') reject(new Error(stderr, { cause: error }))
      else resolve(stdout)
    })
  })
}
