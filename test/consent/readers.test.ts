/** The configuration and the development profile of a host, as they are read: values, functions, and what neither can be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createConfigurationReader } from '../../src/library/consent/configured.ts'
import { createDevelopmentReader, meansDevelopment } from '../../src/library/consent/development.ts'
import { decideConsent } from '../../src/library/consent/index.ts'
import { silence } from './arbitraries.ts'

const fail = () => {
  throw new Error('no file')
}
const ASYNC = 'a promise was returned, not a value'

test('a configuration is a value, or what a function returns now; a locked one is copied when it is read', () => {
  for (const value of [undefined, null, 'on', false, { locked: 'yes', value: 'on' }]) {
    assert.deepEqual({ ...createConfigurationReader(value)() }, { configured: value })
    assert.deepEqual({ ...createConfigurationReader(() => value)() }, { configured: value })
  }
  let value = 'on'
  let asked = 0
  const locked = {
    locked: true,
    get value() {
      asked++
      return value
    },
  }
  const read = createConfigurationReader(() => locked)
  const { configured } = read()
  value = 'off'
  assert.deepEqual([configured, asked], [{ value: 'on', locked: true }, 1])
  assert.deepEqual(read().configured, { value: 'off', locked: true })
  assert.deepEqual(createConfigurationReader({ locked: true })().configured, {
    ...{ value: undefined, locked: true },
  })
  const inherited = Object.create({ locked: true, value: 'on' })
  assert.equal(createConfigurationReader(inherited)().configured, inherited)
})

test('a configuration that cannot be read has a problem, whether its function fails, is slow or returns an object that fails', () => {
  const broken = new Proxy({}, { getOwnPropertyDescriptor: fail })
  for (const [given, problem] of [
    [fail, 'no file'],
    [async () => 'on', ASYNC],
    [() => broken, 'no file'],
    [broken, 'no file'],
  ] as const)
    assert.deepEqual(
      { ...createConfigurationReader(given)() },
      { configured: undefined, configurationProblem: problem },
    )
})

test('a configuration that asks for itself is as it was read before, and at first cannot be read', () => {
  const inner: unknown[] = []
  let value = 'on'
  const read = createConfigurationReader(() => {
    inner.push({ ...read() })
    return value
  })
  assert.equal(read().configured, 'on')
  value = 'off'
  assert.equal(read().configured, 'off')
  assert.deepEqual(inner, [
    { configured: undefined, configurationProblem: 'nothing was read yet' },
    { configured: 'on' },
  ])
})

test('a development profile is a value, or what a function returns now; one that does not say is a development run', () => {
  for (const value of [undefined, true, false, 'NODE_ENV'])
    assert.deepEqual({ ...createDevelopmentReader(value)() }, { development: value })
  for (const value of [true, false])
    assert.deepEqual({ ...createDevelopmentReader(() => value)() }, { development: value })
  for (const [given, problem] of [
    [fail, 'no file'],
    [async () => false, ASYNC],
    [() => 'false', 'its function returned neither true nor false'],
  ] as const)
    assert.deepEqual(
      { ...createDevelopmentReader(given)() },
      { development: true, developmentProblem: problem },
    )
})

test('a value means a development run if one of its words does, in any case, and not beyond its first thousand characters', () => {
  for (const value of ['development', 'DEV', 'local', 'postgres,dev', 'dev;x', 'x dev', ',,dev'])
    assert.equal(meansDevelopment(value), true, value)
  for (const value of [
    '',
    'production',
    'device',
    'x-dev',
    `${' '.repeat(999)}dev`,
    `${'x'.repeat(999)},dev`,
  ])
    assert.equal(meansDevelopment(value), false, value)
  assert.equal(meansDevelopment(`${' '.repeat(997)}dev`), true)
})

test('a configuration and a development profile that cannot be read are noes of circumstance, with a warning that says why', () => {
  for (const [inputs, because] of [
    [{ configurationProblem: 'no file\n' }, 'the configuration'],
    [{ development: true, developmentProblem: 'no file\n' }, 'the development profile'],
  ] as const) {
    const verdict = decideConsent(silence({ default: 'enabled', ...inputs }))
    assert.deepEqual(
      [verdict.state, verdict.disabledBy, verdict.because, verdict.locked],
      ['disabled', 'circumstance', because, true],
    )
    assert.deepEqual(verdict.warnings, [
      `${because} cannot be read (no file\u{fffd}), so it counts as a no; correct it. Until then no usage report is sent.`,
    ])
  }
  const locked = { value: 'on', locked: true }
  const read = decideConsent(silence({ configured: locked, configurationProblem: undefined }))
  assert.deepEqual([read.state, read.warnings], ['enabled', []])
})
