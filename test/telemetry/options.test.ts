import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createUsageTelemetry, UsageConfigurationError } from '../../src/index.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'

test('every mistake in the options is listed at once, with its place and the fix', () => {
  assert.throws(
    () =>
      createUsageTelemetry({
        product: { name: 'Acme DB', version: '' },
        catalog: acmeCatalog,
        endpoint: 'usage.acme.example',
        consent: { default: 'maybe' as 'enabled' },
        schedule: { interval: '30s', initialDelay: '30d' },
        state: '',
        logger: {} as Console,
      }),
    (error) => {
      assert.ok(error instanceof UsageConfigurationError)
      assert.equal(error.code, 'ERR_USAGE_CONFIGURATION')
      assert.equal(
        error.message,
        [
          'createUsageTelemetry has 8 mistakes:',
          "  - product.name: is 'Acme DB'; use lower-case words joined by dashes, such as 'acme-db'",
          "  - product.version: is ''; give the product's version, such as '2.4.0'",
          "  - endpoint: 'usage.acme.example' is not an http or https address; give the gateway's, such as 'https://usage.acme.example'",
          "  - consent.default: is 'maybe'; use 'enabled', 'disabled' or 'undecided'",
          "  - schedule.interval: is '30s'; use '1m' to '24d', a day is '24h'",
          "  - schedule.initialDelay: is '30d'; use '0s' to '24d'",
          "  - state: is ''; name a directory or pass a state store",
          '  - logger: is an object; pass an object with debug, info, warn and error, such as console',
        ].join('\n'),
      )
      return true
    },
  )
})

const ENDPOINTS: Array<[endpoint: unknown, problem: RegExp | undefined]> = [
  ['https://usage.acme.example', undefined],
  ['https://usage.acme.example:8443/base/', undefined],
  ['http://localhost:4318', undefined],
  ['http://127.0.0.1:4318', undefined],
  ['http://[::1]:4318', undefined],
  ['http://usage.acme.example', /unencrypted to another machine; use https:\/\/usage\.acme\.example/],
  ['http://127.0.0.1.example.org', /unencrypted/],
  ['ftp://usage.acme.example', /not an http or https address/],
  ['file:///etc/passwd', /not an http or https address/],
  ['', /not an http or https address/],
  [undefined, /not an http or https address/],
  ['https://user:secret@usage.acme.example', /user name or a password/],
  ['https://usage.acme.example/?token=1', /query or a fragment/],
]

for (const [endpoint, problem] of ENDPOINTS) {
  test(`the endpoint ${endpoint} is ${problem ? 'refused' : 'taken'}`, () => {
    const create = () => createAcme({ endpoint: endpoint as string })
    if (problem) assert.throws(create, problem)
    else assert.doesNotThrow(create)
  })
}

test('an interval of 30 days is refused: a timer of Node.js would fire at once, again and again', () => {
  assert.throws(() => createAcme({ schedule: { interval: '30d' } }), /schedule\.interval: is '30d'/)
  assert.throws(() => createAcme({ schedule: { interval: 2 ** 31 } }), /schedule\.interval: is 2147483648/)
  assert.doesNotThrow(() => createAcme({ schedule: { interval: 2 ** 31 - 1 } }))
})

test('only sources from outside of the product can be let overrule a stored no', () => {
  for (const given of ['flag', ['stored-choice'], ['configuration'], {}, [undefined]])
    assert.throws(
      () => createAcme({ consent: { overruleStoredNo: given as ['flag'] } }),
      /consent\.overruleStoredNo: .+list sources out of 'variable', 'flag', 'locked-configuration'/,
    )
  for (const given of [undefined, [], ['flag'], ['variable', 'flag', 'locked-configuration']])
    assert.doesNotThrow(() => createAcme({ consent: { overruleStoredNo: given as ['flag'] } }))
})

test('options that are not an object are refused in a sentence', () => {
  assert.throws(
    () => createUsageTelemetry(undefined as never),
    /options: is undefined; pass an object with product/,
  )
})
