/** What sets an option: properties of its own that exist, and nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainConsent, UsageConfigurationError, type UsageTelemetryOptions } from '../../src/index.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'

const mistakesOf = (options: object): Record<string, string> => {
  try {
    createAcme(options)
    return {}
  } catch (error) {
    assert.ok(error instanceof UsageConfigurationError)
    return Object.fromEntries(error.mistakes.map(({ path, message }) => [path, message]))
  }
}

test('an environment that is not a record of texts is a mistake, where it once removed every opt-out without a word', () => {
  class Settings {
    get DO_NOT_TRACK() {
      return '1'
    }
  }
  for (const environment of [
    'production',
    ['DO_NOT_TRACK=1'],
    new Map([['DO_NOT_TRACK', '1']]),
    new URLSearchParams('DO_NOT_TRACK=1'),
    new Settings(),
    Object.create({ DO_NOT_TRACK: '1' }),
    Object.create(process.env),
    { DO_NOT_TRACK: 1 },
    { DO_NOT_TRACK: true },
    { DO_NOT_TRACK: null },
    null,
    () => process.env,
  ])
    assert.deepEqual(Object.keys(mistakesOf({ environment })), ['environment'], String(environment))
  for (const environment of [
    {},
    process.env,
    { ...process.env },
    Object.freeze({ A: 'b', C: undefined }),
    Object.assign(Object.create(null), { A: 'b' }),
  ])
    assert.deepEqual(mistakesOf({ environment }), {})
})

test('an option that does not exist is refused with the nearest one that does, also inside of others', () => {
  const product = { name: 'acme-db', version: '2.4.0' }
  const options: ReadonlyArray<readonly [object, string, RegExp]> = [
    [{ enviroment: {} }, 'enviroment', /is not an option; 'environment' is$/],
    [{ product: { ...product, home_page: 'https://a.example' } }, 'product.home_page', /'homepage' is$/],
    [{ consent: { Default: 'disabled' } }, 'consent.Default', /'default' is$/],
    [{ consent: { optOutOnlyby: 'environment' } }, 'consent.optOutOnlyby', /'optOutOnlyBy' is$/],
    [{ disclosure: { texts: { enable: '' } } }, 'disclosure.texts.enable', /'enabled' is$/],
    [
      { schedule: { firstPhase: { count: 1, interval: '1h', intervall: '1h' } } },
      'schedule.firstPhase.intervall',
      /'interval' is$/,
    ],
    [{ identity: { kind: 'none' } }, 'identity.kind', /the options here are 'mode', 'period'/],
    [{ delivery: { within: '500ms', timeout: 1 } }, 'delivery.timeout', /is not an option/],
    [JSON.parse('{ "__proto__": { "environment": {} } }'), '__proto__', /is not an option/],
    [{ constructor: {} }, 'constructor', /is not an option/],
  ]
  for (const [given, place, message] of options) {
    const mistakes = mistakesOf(given)
    assert.deepEqual(Object.keys(mistakes), [place])
    assert.match(mistakes[place] ?? '', message)
  }
  assert.deepEqual(mistakesOf({ enviroment: undefined }), {})
})

test('an option of a wrong kind is refused, where it once meant nothing or its opposite', () => {
  const wrong = {
    consent: 'disabled',
    disclosure: ['x'],
    schedule: '24h',
    identity: 'none',
    debugOutput: 'stderr',
    clock: {},
    state: {},
  }
  for (const [name, value] of Object.entries(wrong))
    assert.deepEqual(Object.keys(mistakesOf({ [name]: value })), [name])
  for (const [name, value] of Object.entries({
    sticky: 'false',
    keepInstallation: 'no',
    executableName: ['donottrack'],
    ignore: 'do-not-track',
  }))
    assert.deepEqual(Object.keys(mistakesOf({ consent: { [name]: value } })), [`consent.${name}`])
  assert.deepEqual(Object.keys(mistakesOf({ consent: { ignore: ['flag', 'flags'] } })), ['consent.ignore[1]'])
  assert.deepEqual(Object.keys(mistakesOf({ product: { name: ['acme-db'], version: '1' } })), [
    'product.name',
  ])
})

test('what another library has added to every object is read neither as an option nor as a variable nor as a choice', async () => {
  const names = [
    ...['environment', 'consent', 'state', 'default', 'seed', 'ignore', 'flag', 'configured', 'locked'],
    ...[
      'level',
      'levels',
      'stored',
      'current',
      'value',
      'reading',
      'source',
      'overruleStoredNo',
      'packaging',
    ],
    ...['ACME_DB_TELEMETRY', 'catalogVersion', 'facts', 'excluded', 'reach', 'restricts', 'sticky', 'held'],
  ]
  const yes = { state: 'enabled', at: '2026-01-01T00:00:00.000Z', by: 'x', catalogVersion: 2 }
  const values = ['enabled', true, {}, yes, ['do-not-track', 'stored-choice', 'variable'], () => 'on']
  const options = {
    product: { name: 'acme-db', version: '2.4.0' },
    catalog: acmeCatalog,
    endpoint: 'http://127.0.0.1:9',
  }
  const noes: ReadonlyArray<UsageTelemetryOptions> = [
    { ...options, state: '/nowhere', environment: { DO_NOT_TRACK: '1' } },
    { ...options, state: '/nowhere', environment: {}, consent: { default: 'disabled' } },
  ]
  for (const name of names)
    for (const value of values)
      for (const no of noes) assert.equal(await verdictWith(name, value, no), 'disabled', name)
})

/** The verdict while every object has a property; a mistake that is thrown sends nothing either. */
async function verdictWith(name: string, value: unknown, options: UsageTelemetryOptions): Promise<string> {
  Object.defineProperty(Object.prototype, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  })
  try {
    return (await explainConsent(options)).state
  } finally {
    Reflect.deleteProperty(Object.prototype, name)
  }
}
