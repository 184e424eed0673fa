/**
 * A host whose objects all have a trap for every name in the library's sources: `node inherited.ts ENDPOINT DIRECTORY`. Goes through
 * several lives, and prints each name that the library reads from `Object.prototype`, with the place that reads it.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { createAcme } from '../../support/acme.ts'

const [endpoint = '', directory = ''] = process.argv.slice(2)
const sources = path.join(import.meta.dirname, '../../../src')
const own = <T extends object>(value: T): T => Object.assign(Object.create(null), value)
const readers = new Set<string>()

/** Names that the language itself reads from every object, or that describe a property. */
const OF_THE_LANGUAGE = [
  ...['then', 'return', 'toJSON', 'constructor', 'prototype'],
  ...['get', 'set', 'value', 'writable', 'enumerable', 'configurable'],
]

function namesInSources(): Set<string> {
  const texts = ['library', 'state', 'platform', 'catalog']
    .flatMap((wing) => readdirSync(path.join(sources, wing), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8'))
  return new Set(texts.join(' ').match(/[A-Za-z_$][\w$]+/g))
}

function trap(name: string): void {
  const get = () => {
    const place = placeOfReader()
    if (place) readers.add(`${name} in ${place}`)
    return undefined
  }
  const set = function (this: object, value: unknown) {
    Object.defineProperty(this, name, own({ value, writable: true, enumerable: true, configurable: true }))
  }
  Object.defineProperty(Object.prototype, name, own({ get, set, configurable: true }))
}

/** The place in the library's sources that has called the trap directly. `memberOf` looks at what is inherited, and refuses it. */
function placeOfReader(): string | undefined {
  const { stack = '' } = new Error()
  const line = stack.split('\n')[3] ?? ''
  const place = /\/(src\/.*?\.ts:\d+)/.exec(line)?.[1]
  return line.includes('memberOf') ? undefined : place
}

async function lives(): Promise<string> {
  const outcomes: string[] = []
  const variables = (values: Record<string, string>) => own(values)
  const acme = (more: object = {}) =>
    createAcme(
      own({
        endpoint,
        state: directory,
        environment: variables({}),
        consent: own({ default: 'enabled' as const }),
        ...more,
      }),
    )
  const first = acme()
  first.set('acme.edition', 'enterprise')
  first.counter('acme.commands').add(1, { command: 'find', result: 'ok' })
  const users = first.getMeter('acme').createObservableGauge('acme.users')
  users.addCallback((result) => result.observe(7))
  first.getMeter('acme').addBatchObservableCallback((result) => result.observe(users, 8), [users])
  await first.start()
  outcomes.push((await first.report()).outcome)
  await first.preview()
  await first.consent.set('disabled', own({ by: 'alice' }))
  outcomes.push((await first.report()).outcome)
  await first.status()
  await first.shutdown()

  const second = acme({ identity: own({ mode: 'rotating' as const }) })
  await second.start()
  outcomes.push((await second.forget(own({ by: 'alice' }))).outcome)
  await second.consent.set('enabled', own({ by: 'alice' }))
  second.counter('acme.commands').add(2, { command: 'find', result: 'ok' })
  outcomes.push((await second.report()).outcome)
  for await (const _ of second.ledger.entries()) break
  await second.ledger.check()
  await second.shutdown()

  const unreachable = acme({
    endpoint: 'http://127.0.0.1:9',
    environment: variables({ ACME_DB_TELEMETRY: 'basic', ACME_DB_TELEMETRY_EXCLUDE: 'acme.users' }),
  })
  unreachable.counter('acme.commands').add(3, { command: 'find', result: 'ok' })
  await unreachable.start()
  outcomes.push((await unreachable.report()).outcome)
  await unreachable.status()
  outcomes.push((await unreachable.forget(own({ by: 'bob' }))).outcome)
  await unreachable.shutdown()

  const seeded = acme({
    state: path.join(directory, 'seeded'),
    consent: own({
      default: 'undecided' as const,
      seed: 'basic',
      sticky: true,
      automation: 'disabled' as const,
    }),
  })
  await seeded.start()
  outcomes.push((await seeded.report()).outcome)
  await seeded.shutdown()
  rmSync(directory, { recursive: true, force: true })
  return outcomes.join(' ')
}

// Once without traps: what Node.js and other packages do when they are loaded is not looked at.
const expected = await lives()
for (const name of namesInSources()) {
  if (!OF_THE_LANGUAGE.includes(name) && !(name in Object.prototype)) trap(name)
}
const outcomes = await lives()
if (outcomes !== expected) console.log(`${outcomes} instead of ${expected}`)
for (const reader of readers) console.log(reader)
