/** The recipe of docs/consent.md for a setting with scopes: one telemetry for each scope that reports by itself, in one process. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { UsageTelemetry } from '../../src/index.ts'
import { type AcmeFacts, createAcme } from '../support/acme.ts'
import { attributesOf, numbersOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const LEVELS = ['off', 'basic', 'full']

/** The least of the settings that are set: a no of any scope holds. */
const least = (...settings: Array<string | undefined>) =>
  settings.filter((one) => one !== undefined).sort((a, b) => LEVELS.indexOf(a) - LEVELS.indexOf(b))[0]

interface Scope {
  readonly name: string
  telemetry?: string
}

/** Three databases of one instance, and the user who owns one of them. */
async function createInstance(environment: Record<string, string> = {}) {
  const scratch = createScratch()
  const receiver = await startReceiver()
  const instance: { telemetry?: string } = {}
  const [sales, stock, audit] = ['sales', 'stock', 'audit'].map((name): Scope => ({ name })) as [
    Scope,
    Scope,
    Scope,
  ]
  const owner: { telemetry?: string } = {}
  const root = environment['ACME_DB_TELEMETRY_DIR'] || path.join(scratch.directory, 'usage')
  const telemetryOf = (database: Scope, user: { telemetry?: string } = {}) =>
    createAcme({
      endpoint: receiver.endpoint,
      environment: { ...environment, ACME_DB_TELEMETRY_DIR: path.join(root, database.name) },
      consent: {
        default: 'enabled',
        configured: () => ({
          value: least(instance.telemetry, database.telemetry, user.telemetry),
          locked: true,
        }),
      },
    })
  const all = [telemetryOf(sales, owner), telemetryOf(stock), telemetryOf(audit)]
  for (const usage of all) await usage.start()
  return {
    ...{ receiver, instance, sales, stock, owner, all, scratch },
    idOf: (name: string) => {
      try {
        return readFileSync(path.join(root, name, 'installation.json'), 'utf8')
      } catch {
        return undefined
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const usage of all) await usage.shutdown()
      await receiver[Symbol.asyncDispose]()
      scratch[Symbol.dispose]()
    },
  }
}

async function outcomesOf(all: readonly UsageTelemetry<AcmeFacts>[]): Promise<string[]> {
  const outcomes: string[] = []
  for (const usage of all) outcomes.push((await usage.report()).outcome)
  return outcomes
}

test('each scope is a separate installation with its own counts (TimescaleDB: instance, database, user)', async () => {
  await using host = await createInstance()
  for (const [index, usage] of host.all.entries())
    usage.counter('acme.commands').add(index + 1, { command: 'find', result: 'ok' })
  assert.deepEqual(await outcomesOf(host.all), ['sent', 'sent', 'sent'])
  const seen = host.receiver.received.map(({ json }) => json)
  assert.equal(new Set(seen.map((json) => attributesOf(json)['service.instance.id'])).size, 3)
  assert.deepEqual(
    seen.map((json) => numbersOf(json)['acme.commands{command=find,result=ok}']),
    [1, 2, 3],
  )
})

test('a no for a database deletes what is known of that one, and the others go on', async () => {
  await using host = await createInstance()
  await outcomesOf(host.all)
  const [stock, audit] = [host.idOf('stock'), host.idOf('audit')]
  host.sales.telemetry = 'off'
  assert.deepEqual(await outcomesOf(host.all), ['suppressed', 'sent', 'sent'])
  assert.deepEqual(['sales', 'stock', 'audit'].map(host.idOf), [undefined, stock, audit])
})

test('a no for the user who owns a database holds for that database, and the least level of all scopes does', async () => {
  await using host = await createInstance()
  host.owner.telemetry = 'off'
  host.stock.telemetry = 'basic'
  assert.deepEqual(await outcomesOf(host.all), ['suppressed', 'sent', 'sent'])
  assert.deepEqual(
    host.all.map((usage) => usage.consent.verdict().level),
    ['off', 'basic', 'full'],
  )
})

test('a no for the instance beats every yes below it; taken back, what was said below holds again', async () => {
  await using host = await createInstance()
  host.stock.telemetry = 'full'
  host.instance.telemetry = 'off'
  assert.deepEqual(await outcomesOf(host.all), ['suppressed', 'suppressed', 'suppressed'])
  assert.equal(host.receiver.connections, 0)
  delete host.instance.telemetry
  assert.deepEqual(await outcomesOf(host.all), ['sent', 'sent', 'sent'])
})

test('the variables of the operator hold for all scopes, and the directory that they name has one for each', async () => {
  using scratch = createScratch()
  const ACME_DB_TELEMETRY_DIR = path.join(scratch.directory, 'elsewhere')
  await using host = await createInstance({ ACME_DB_TELEMETRY_DIR })
  assert.deepEqual(await outcomesOf(host.all), ['sent', 'sent', 'sent'])
  assert.equal(new Set(['sales', 'stock', 'audit'].map(host.idOf)).size, 3)
  await using opted = await createInstance({ DO_NOT_TRACK: '1' })
  assert.deepEqual(await outcomesOf(opted.all), ['suppressed', 'suppressed', 'suppressed'])
  assert.equal(opted.receiver.connections, 0)
})
