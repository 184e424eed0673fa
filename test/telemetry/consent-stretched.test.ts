/** A yes covers the facts as they were when it was given: what is new or says more waits, also under the same version of the catalog. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import {
  type Catalog,
  createUsageTelemetry,
  defineCatalog,
  type Facts,
  type UsageTelemetryOptions,
} from '../../src/index.ts'
import { createLog } from '../support/log.ts'
import { attributesOf, numbersOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const ALICE = { by: 'alice' }
const edition = {
  kind: 'attribute',
  type: 'enum',
  values: ['free', 'paid'],
  since: 1,
  why: 'Shows who pays.',
  example: 'free',
} as const
const runs = { kind: 'count', unit: '{run}', since: 1, why: 'Shows whether it is used.' } as const

const wide = { ...edition, values: ['free', 'paid', 'trial'] } as const
const narrow = { ...edition, values: ['free'], why: 'Shows who does not.' } as const

const catalogOf = <const F extends Facts>(facts: F) => defineCatalog({ version: 1, prefix: 'acme', facts })
const OLD = catalogOf({ 'acme.edition': edition, 'acme.runs': runs })
const WIDENED = catalogOf({ 'acme.edition': wide, 'acme.runs': runs })
const ADDED = catalogOf({ 'acme.edition': edition, 'acme.runs': runs, 'acme.crashes': runs })
const NARROWED = catalogOf({ 'acme.edition': narrow, 'acme.runs': runs })
const BOTH = catalogOf({ 'acme.edition': wide, 'acme.runs': runs, 'acme.crashes': runs })

const product = <F extends Facts>(
  catalog: Catalog<F>,
  state: string,
  more: Partial<Omit<UsageTelemetryOptions<F>, 'catalog'>> = {},
) => {
  const usage = createUsageTelemetry({
    ...{
      product: { name: 'acme', version: '1.0.0' },
      catalog,
      state,
      endpoint: 'http://127.0.0.1:9',
      environment: {},
    },
    ...{ consent: { default: 'undecided' }, ...more },
  })
  return usage
}

const newerUnder = async (catalog: Catalog, state: string): Promise<readonly string[]> => {
  const usage = product(catalog, state)
  await usage.start()
  const { facts, disclosure } = await usage.status()
  for (const name of facts.newer) assert.match(disclosure ?? '', new RegExp(`Not reported until .*${name}`))
  await usage.shutdown()
  return facts.newer
}

for (const [what, catalog, newer] of [
  ['widened', WIDENED, ['acme.edition']],
  ['added', ADDED, ['acme.crashes']],
  ['narrowed and reworded', NARROWED, []],
  ['left as it was', OLD, []],
] as const) {
  test(`under the same version, a fact that was ${what} ${newer.length > 0 ? 'is held back and named' : 'goes on'}`, async () => {
    using scratch = createScratch()
    await product(OLD, scratch.directory).consent.set('enabled', ALICE)
    assert.deepEqual(await newerUnder(catalog, scratch.directory), newer)
  })
}

test('what is held back does not leave, and leaves once it is accepted; what was counted before is forgotten', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const state = scratch.directory
  await product(OLD, state).consent.set('enabled', ALICE)
  const usage = product(BOTH, state, { endpoint: receiver.endpoint })
  await usage.start()
  usage.set('acme.edition', 'trial')
  usage.counter('acme.crashes').add(3, {})
  await usage.report()
  await usage.consent.set('enabled', ALICE)
  usage.counter('acme.crashes').add(4, {})
  await usage.report()
  const [before, after] = receiver.received.map(({ json }) => ({ ...attributesOf(json), ...numbersOf(json) }))
  assert.deepEqual([before?.['acme.edition'], before?.['acme.crashes']], [undefined, undefined])
  assert.deepEqual([after?.['acme.edition'], after?.['acme.crashes']], ['trial', 4])
  await usage.shutdown()
})

test('the history has the facts once, however often the same is chosen', async () => {
  using scratch = createScratch()
  const state = scratch.directory
  for (let time = 0; time < 3; time++) await product(OLD, state).consent.set('enabled', ALICE)
  const lines = readFileSync(path.join(state, 'consent.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ facts }) => typeof facts),
    ['object', 'string', 'string'],
  )
  assert.deepEqual(await newerUnder(OLD, state), [])
  assert.deepEqual(await newerUnder(ADDED, state), ['acme.crashes'])
  // The line that has them is lost: nobody can tell what was agreed to.
  writeFileSync(
    path.join(state, 'consent.jsonl'),
    `torn\n${lines
      .slice(1)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join('')}`,
  )
  assert.deepEqual(await newerUnder(OLD, state), ['acme.edition', 'acme.runs'])
})

test('a choice from before choices said which facts they cover: what it was first seen with stands', async () => {
  using scratch = createScratch()
  const state = scratch.directory
  await product(OLD, state).consent.set('enabled', ALICE)
  const file = path.join(state, 'consent.jsonl')
  const { facts: _, ...choice } = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, `${JSON.stringify(choice)}\n`)
  assert.deepEqual(await newerUnder(OLD, state), [])
  assert.deepEqual(await newerUnder(WIDENED, state), ['acme.edition'])
  assert.deepEqual(await newerUnder(WIDENED, state), ['acme.edition'], 'no start accepts it')
  assert.deepEqual(await newerUnder(OLD, state), [])
})

test('a seed covers what was there at the first start', async () => {
  using scratch = createScratch()
  const consent = { seed: 'on' }
  await product(OLD, scratch.directory, { consent }).start()
  const usage = product(ADDED, scratch.directory, { consent })
  await usage.start()
  assert.deepEqual((await usage.status()).facts.newer, ['acme.crashes'])
  await usage.shutdown()
})

for (const [what, options] of [
  ['a variable', { environment: { ACME_TELEMETRY: 'on' } }],
  ['the flag', { consent: { flag: 'on' } }],
  ["the product's default", { consent: { default: 'enabled' } }],
] as const) {
  test(`a yes by ${what} covers every version, and the notice of the first start with it names what is new`, async () => {
    using scratch = createScratch()
    const notices = []
    for (const catalog of [OLD, OLD, ADDED, ADDED, WIDENED] as readonly Catalog[]) {
      const logger = createLog()
      const usage = product(catalog, scratch.directory, { ...options, logger })
      await usage.start()
      assert.deepEqual((await usage.status()).facts.newer, [])
      await usage.shutdown()
      notices.push(
        logger.lines
          .map((line) => /New since the last start.* covers every version: ([a-z., ]+)\./.exec(line)?.[1])
          .find(Boolean),
      )
    }
    assert.deepEqual(notices, [undefined, undefined, 'acme.crashes', undefined, 'acme.edition'])
  })
}
