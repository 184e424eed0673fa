import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  acceptValue,
  type GaugeFact,
  isExpired,
  reportedNumber,
  type VersionFact,
} from '../../src/catalog/index.ts'

const gauge = (more: Partial<GaugeFact>): GaugeFact => ({
  kind: 'gauge',
  unit: '1',
  since: 1,
  why: 'Tells it.',
  example: 1,
  ...more,
})

const NUMBERS: Array<[fact: Partial<GaugeFact>, value: number, reported: number]> = [
  [{ round: { steps: [10, 100, 1_000] } }, 9, 0],
  [{ round: { steps: [10, 100, 1_000] } }, 10, 10],
  [{ round: { steps: [10, 100, 1_000] } }, 999, 100],
  [{ round: { steps: [10, 100, 1_000] } }, 1e9, 1_000],
  [{ round: { steps: [10, 100] } }, -5, 0],
  [{ round: { percent: 5 } }, 0.5, 0.5],
  [{ round: { percent: 5 } }, 0.523, 0.5],
  [{ round: { percent: 5 } }, 0.53, 0.55],
  [{ round: { percent: 10 } }, 0.04, 0],
  [{ max: 1_000 }, 5_000, 1_000],
  [{ min: 1 }, -7, 1],
  [{ max: 1_000, round: 'log2' }, 5_000, 512],
  [{}, 12.5, 12.5],
]

for (const [fact, value, reported] of NUMBERS) {
  test(`${value} is reported as ${reported} by ${JSON.stringify(fact)}`, () => {
    assert.equal(reportedNumber(gauge(fact), value), reported)
  })
}

test('making a number coarser twice changes nothing', () => {
  const anyRounding = fc.constantFrom<Partial<GaugeFact>>(
    ...NUMBERS.map(([fact]) => fact),
    { round: 'log2', min: -100, max: 1e6 },
    { round: { percent: 7 } },
  )
  fc.assert(
    fc.property(anyRounding, fc.double({ noNaN: true, min: -1e6, max: 1e6 }), (fact, value) => {
      const once = reportedNumber(gauge(fact), value)
      assert.equal(reportedNumber(gauge(fact), once), once)
    }),
  )
})

const VERSIONS: Array<[round: VersionFact['round'], value: string, reported: string]> = [
  ['major', '15.2.1', '15'],
  ['major.minor', '15.2.1', '15.2'],
  ['major.minor', 'v15.2-rc1', 'v15.2'],
  ['major.minor', '15', '15'],
  [undefined, '15.2.1', '15.2.1'],
]

for (const [round, value, reported] of VERSIONS) {
  test(`the version ${value} is reported as ${reported} by ${round}`, () => {
    const fact: VersionFact = {
      kind: 'attribute',
      type: 'version',
      since: 1,
      why: 'Tells it.',
      example: '1',
      ...(round && { round }),
    }
    assert.equal(acceptValue(fact, value).value, reported)
  })
}

const EXPIRIES: Array<[expires: string, day: string, productVersion: string, expired: boolean]> = [
  ['2027-06-30', '2027-06-29T23:59:59Z', '9.0.0', false],
  ['2027-06-30', '2027-06-30T00:00:00Z', '0.0.1', true],
  ['3.0.0', '2020-01-01', '2.9.9', false],
  ['3.0.0', '2020-01-01', '3.0.0', true],
  ['3.0.0', '2020-01-01', '3.0.0-rc.1', true],
  ['3.0', '2020-01-01', '3.1', true],
  ['3', '2020-01-01', '2.10.0', false],
  ['2.10', '2020-01-01', '2.9.0', false],
  ['2.9', '2020-01-01', '2.10.0', true],
]

for (const [expires, day, productVersion, expired] of EXPIRIES) {
  test(`a fact that expires with ${expires} is ${expired ? 'gone' : 'there'} on ${day} in version ${productVersion}`, () => {
    assert.equal(isExpired(gauge({ expires }), { at: Date.parse(day), productVersion }), expired)
  })
}
