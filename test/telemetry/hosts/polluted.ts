/**
 * A host in which another library adds a name to every object: `node polluted.ts ENDPOINT DIRECTORY NAME...`. Goes through a life
 * with all of them, for each of several values, and says by which name it differs from one without, on standard output.
 */
import { rmSync } from 'node:fs'
import { createAcme } from '../../support/acme.ts'

const [endpoint = '', directory = '', ...names] = process.argv.slice(2)
const own = <T extends object>(value: T): T => Object.assign(Object.create(null), value)
const unheard: unknown[] = []
process.on('unhandledRejection', (error) => unheard.push(error))

/** Ids and times are others in each life. */
const text = (bytes: Uint8Array = new Uint8Array()) =>
  new TextDecoder()
    .decode(bytes)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
    .replaceAll(/"\d{19}"/g, 'TIME')

async function live(): Promise<string> {
  const said: unknown[] = []
  try {
    const options = () =>
      own({ endpoint, state: directory, environment: own({}), consent: own({ default: 'enabled' as const }) })
    const usage = createAcme(options())
    usage.set('acme.edition', 'enterprise')
    usage.counter('acme.commands').add(1, { command: 'find', result: 'ok' })
    said.push((await usage.start()).state)
    const report = await usage.report()
    said.push(report.outcome, report.reason, text(report.bytes), (await usage.preview()).wouldBeSent)
    said.push((await usage.consent.set('disabled', own({ by: 'alice' }))).state)
    said.push((await usage.report()).outcome, (await usage.status()).verdict.state)
    await usage.shutdown()
    const next = createAcme(options())
    said.push((await next.start()).state, (await next.forget(own({ by: 'alice' }))).outcome)
    await next.consent.set('enabled', own({ by: 'alice' }))
    next.counter('acme.commands').add(2, { command: 'find', result: 'ok' })
    said.push(text((await next.report()).bytes))
    await next.shutdown()
  } catch (error) {
    said.push(String(error))
  }
  rmSync(directory, { recursive: true, force: true })
  return JSON.stringify([...said, ...unheard.splice(0).map(String)])
}

const expected = await live()

async function tell(some: readonly string[], value: unknown): Promise<void> {
  for (const name of some) Reflect.set(Object.prototype, name, value)
  const found = await live()
  for (const name of some) Reflect.deleteProperty(Object.prototype, name)
  if (found === expected) return
  if (some.length === 1) console.log(`${some[0]}: ${JSON.stringify(value)}\n${found}\n`)
  else for (const name of some) await tell([name], value)
}

for (const value of ['x', 1, { a: 1 }]) await tell(names, value)
