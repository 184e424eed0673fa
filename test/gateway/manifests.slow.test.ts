/** No cluster and no Docker run here, so the manifests are read by the code of both: types, defaults, validation, Pod Security. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { before, describe, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { scratchDirectory } from './scratch.ts'

const deploy = path.resolve(import.meta.dirname, '../../collector-config/deploy')
const skip = spawnSync('go', ['version']).status !== 0 && 'Go is not installed: there is no `go` on the PATH'

describe('the manifests', { skip }, () => {
  // The first build on a machine takes a minute or two.
  before(() => promisify(execFile)('go', ['build', '-o', '/dev/null', '.'], { cwd: checker }))

  test('of Kubernetes are taken by its own validation, and their pods by the level `restricted`', async () => {
    const files = globSync('kubernetes*.yaml', { cwd: deploy }).sort()
    assert.ok(files.length >= 2)
    const { code, lines } = await check(files.map((file) => path.join(deploy, file)))
    assert.equal(code, 0, lines.join('\n'))
    for (const line of lines) assert.match(line, /: [1-9]\d* checked$/)
  })

  test('of Docker Compose is taken by its own loader', async () => {
    const { code, lines } = await check([path.join(deploy, 'compose.yaml')])
    assert.equal(code, 0, lines.join('\n'))
    assert.match(lines.join(), /: 5 checked$/)
  })

  const FAULTS = {
    'a field that Kubernetes does not know': ['podManagementPolicy:', 'podManagmentPolicy:', /unknown field/],
    'a pod that its selector does not find': [
      'labels: { app: usage-gateway }\n      annotations:',
      'labels: { app: usage }\n      annotations:',
      /`selector` does not match template `labels`/,
    ],
    'a volume that nobody declares': [
      '{ name: state, mountPath',
      '{ name: stat, mountPath',
      /volumeMounts.*Not found: "stat"/,
    ],
    'a port name that is too long': [
      'name: otlp, containerPort',
      'name: otlp-http-reports, containerPort',
      /must be no more than 15 characters/,
    ],
    'a pod that runs as root': ['runAsUser: 65532', 'runAsUser: 0', /runAsUser=0/],
    'a container with capabilities': ['drop: [ALL]', 'add: [SYS_ADMIN]', /unrestricted capabilities/],
    'a schedule that is none': ['"17 * * * *"', '"17 * * *"', /spec.schedule: Invalid value/],
  } as const
  for (const [what, [right, wrong, message]] of Object.entries(FAULTS)) {
    test(`of Kubernetes: ${what} would be found`, async (t) => {
      const { code, lines } = await checkChanged(t, 'kubernetes.yaml', right, wrong)
      assert.equal(code, 1)
      assert.match(lines.join('\n'), message)
    })
  }

  const COMPOSE_FAULTS = {
    'a key that Compose does not know': ['mem_limit:', 'memory_limit:', /services\.gateway\.memory_limit/],
    'a service that is not there': ['depends_on: [gateway]', 'depends_on: [gate]', /undefined service/],
    'a volume that nobody declares': ['- state:/var', '- stat:/var', /undefined volume stat/],
  } as const
  for (const [what, [right, wrong, message]] of Object.entries(COMPOSE_FAULTS)) {
    test(`of Docker Compose: ${what} would be found`, async (t) => {
      const { code, lines } = await checkChanged(t, 'compose.yaml', right, wrong)
      assert.equal(code, 1)
      assert.match(lines.join('\n'), message)
    })
  }
})

const checker = path.join(import.meta.dirname, 'manifests')

function check(files: readonly string[]): Promise<{ code: number; lines: string[] }> {
  const env = { ...process.env, CLICKHOUSE_PASSWORD: 'of-this-test' }
  return new Promise((resolve, reject) => {
    execFile('go', ['run', '.', ...files], { cwd: checker, env }, (error, stdout, stderr) => {
      if (error && stdout === '') reject(new Error(stderr, { cause: error }))
      else resolve({ code: error ? 1 : 0, lines: stdout.trim().split('\n') })
    })
  })
}

async function checkChanged(t: TestContext, name: string, right: string, wrong: string) {
  const text = await readFile(path.join(deploy, name), 'utf8')
  assert.ok(text.includes(right), right)
  const file = path.join(await scratchDirectory(t), name)
  await writeFile(file, text.replace(right, wrong))
  return check([file])
}
