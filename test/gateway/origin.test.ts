import assert from 'node:assert/strict'
import { appendFile, cp, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { type Collector, GatewayError, originOverlay } from '../../src/gateway.ts'
import { readManifest } from '../../src/maintainer/stack/collector/manifest.ts'
import { bareEnvironment, scratchDirectory, script } from './scratch.ts'

const configuration = path.resolve(import.meta.dirname, '../../collector-config')

describe('the place of a built Collector in the cache', () => {
  test('is another one when a source of our component changes, or the manifest', async (t) => {
    const { file, component } = await copiedManifest(t)
    const before = await readManifest(file)
    await appendFile(path.join(component, 'factory.go'), '\n')
    const after = await readManifest(file)
    assert.notEqual(after.hash, before.hash)
    await appendFile(file, '\n')
    assert.notEqual((await readManifest(file)).hash, after.hash)
  })

  test('is the same wherever the package lies, and when only a test changes', async (t) => {
    const { file, component } = await copiedManifest(t)
    await appendFile(path.join(component, 'config_test.go'), '\n')
    const [copied, ours] = [await readManifest(file), await readManifest()]
    assert.equal(copied.hash, ours.hash)
    const names = ours.files.map(({ name }) => name)
    for (const name of ['manifest.yaml', 'origin/go.mod', 'origin/go.sum', 'origin/factory.go']) {
      assert(names.includes(name), name)
    }
    assert.deepEqual(
      names.filter((name) => name.includes('test')),
      [],
    )
  })

  test('cannot be found without the sources: the error names the component', async (t) => {
    const { file } = await copiedManifest(t)
    await writeFile(file, (await readFile(file, 'utf8')).replace('path: ./origin', 'path: ./elsewhere'))
    await assert.rejects(readManifest(file), (error) => {
      assert(error instanceof GatewayError)
      assert.match(
        error.message,
        /^The component 'elsewhere' of the manifest cannot be read: ENOENT.+restore it/,
      )
      return true
    })
  })
})

test('origin.yaml has the processors of gateway.yaml, and `origin` as the last', async () => {
  // An overlay replaces a list as a whole: what gateway.yaml gets later has to be here too.
  const [gateway, origin] = await Promise.all(
    ['gateway.yaml', 'origin.yaml'].map(async (name) => {
      const text = await readFile(path.join(configuration, name), 'utf8')
      const list = /^ {4}metrics\/in:\n(?:.*\n)*? {6}processors:\s*\[([^\]]+)\]/m.exec(text)?.[1]
      return list?.match(/[^\s,]+/g)?.map(String)
    }),
  )
  assert(gateway !== undefined && gateway.length > 1)
  assert.deepEqual(origin, [...gateway, 'origin'])
})

describe('the overlay for countries', () => {
  test('is used with a Collector that has the component, with the database that I name', async (t) => {
    const { collector, environment } = await collectorWith(t, 'origin')
    const found = await originOverlay(collector, {
      ...environment,
      USAGE_GATEWAY_COUNTRY_DATABASE: '/here.mmdb',
    })
    assert.deepEqual(found.configs, [path.join(configuration, 'origin.yaml')])
    assert.equal(found.summary, 'country, by /here.mmdb')
  })

  test('takes the database from npm when I name none', async (t) => {
    const { collector, environment } = await collectorWith(t, 'origin')
    const found = await originOverlay(collector, environment)
    assert.match(
      found.environment['USAGE_GATEWAY_COUNTRY_DATABASE'] as string,
      /geo-whois-asn-country\.mmdb$/,
    )
  })

  test('is not used with a stock Collector, and one line says what is absent', async (t) => {
    const { collector, environment } = await collectorWith(t, 'filter')
    const found = await originOverlay(collector, environment)
    assert.deepEqual([found.configs, found.environment], [[], environment])
    assert.match(found.summary, /^no country, region or network: a stock Collector has no `origin`/)
    const docker: Collector = { command: ['docker', 'run', 'image'], version: '0.161.0', how: 'docker' }
    assert.deepEqual((await originOverlay(docker, environment)).configs, [])
  })
})

async function copiedManifest(t: TestContext) {
  const directory = await scratchDirectory(t)
  await cp(configuration, directory, { recursive: true })
  return { file: path.join(directory, 'manifest.yaml'), component: path.join(directory, 'origin') }
}

/** A Collector with one processor. It has a receiver and an exporter named `origin` besides, which are none. */
async function collectorWith(t: TestContext, processor: string) {
  const home = await scratchDirectory(t)
  const list = (section: string, name: string) => `echo '${section}:'; echo '    - name: ${name}'`
  const file = await script(
    path.join(home, 'otelcol'),
    `[ "$1" = components ] || exit 1`,
    `${list('receivers', 'origin')}; ${list('processors', 'batch')}; echo '    - name: ${processor}'; ${list('exporters', 'origin')}`,
  )
  const collector: Collector = { command: [file], version: '0.161.0', how: 'variable' }
  return { collector, environment: bareEnvironment(home) }
}
