import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeInstallationsByVersion } from '../../src/insights.ts'

const at = new Date('2026-03-01T23:59:00Z')

test('thirty days are today and the twenty-nine before', () => {
  const { parameters, name } = activeInstallationsByVersion({ product: 'acme-db', at })
  assert.deepEqual(parameters, { product: 'acme-db', before: '2026-01-30', last: '2026-03-01' })
  assert.equal(name, 'active installations by version')
})

test('versions come newest first, and what is no version last', () => {
  const { answer } = activeInstallationsByVersion({ product: 'acme-db', at })
  const versions = ['2.10.0', 'nightly', '2.9.1', '', '2.10.0-rc.1', 'v3.0.0', '2.9', '10.0']
  assert.deepEqual(
    answer(versions.map((version) => ({ version, installations: 1 }))).map(({ version }) => version),
    ['10.0', 'v3.0.0', '2.10.0', '2.10.0-rc.1', '2.9.1', '2.9', undefined, 'nightly'],
  )
})

test('installations that reported no version are counted without one, not under an empty text', () => {
  const { answer } = activeInstallationsByVersion({ product: 'acme-db', at })
  assert.deepEqual(answer([{ version: '', installations: 2 }]), [{ installations: 2 }])
})

test('a number of days that is none is refused', () => {
  for (const days of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => activeInstallationsByVersion({ product: 'acme-db', days }), {
      code: 'ERR_USAGE_CONFIGURATION',
    })
  }
})
