/** Values of gauges beside the counts of a process: which of them another process reports, and which are kept. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideConsent } from '../../src/library/consent/index.ts'
import type { CounterEntry } from '../../src/library/counts/counter-entry.ts'
import { hasFreshGauges, mergeGauges, otherGauges } from '../../src/library/counts/other-gauges.ts'
import { gaugesFromJson } from '../../src/library/counts/stored-gauges.ts'
import type { GaugeValue, GaugeValues } from '../../src/library/facts/index.ts'
import { processOwner } from '../../src/platform/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const [A, B] = ['acme.users{}', 'acme.rooms{}']
const DAY = 86_400_000
const clock = createFakeClock()
const NOW = clock.now()
const value = (amount: number, at = -10, until = 10): GaugeValue => ({
  ...{ value: amount, at: NOW + at, until: NOW + until },
})
const gaugesOf = (...values: readonly GaugeValue[]): GaugeValues => new Map([[A, values]])
const amounts = (gauges: GaugeValues | undefined, key = A) => gauges?.get(key)?.map((one) => one.value)

test('a value is fresh until its time, and one from far in the future was recorded before the clock was set back', () => {
  const isFresh = (at: number, until: number) =>
    hasFreshGauges(
      { counterId: 'x', since: '', under, counts: new Map(), gauges: gaugesOf(value(1, at, until)) },
      NOW,
    )
  assert.deepEqual([isFresh(-10, 0), isFresh(-10, 1)], [false, true])
  assert.deepEqual([isFresh(DAY, 2 * DAY), isFresh(DAY - 1, 2 * DAY)], [false, true])
})

const under = { state: 'enabled' } as const
const { host } = processOwner()
const here = { pid: process.pid, host, monotonic: clock.monotonic() }
const entryOf = (gauges: GaugeValues, more: Partial<CounterEntry> = {}): CounterEntry => ({
  ...{ counterId: 'x', since: new Date(NOW - DAY).toISOString(), at: new Date(NOW).toISOString(), under },
  ...{ writer: here, ended: false, counts: new Map(), gauges, ...more },
})
const verdict = decideConsent({ default: 'enabled', prefix: 'ACME', levels: ['full'], environment: {} })

test('a counter stays as long as one value of it is fresh', () => {
  const [fresh, stale] = [value(1), value(2, -10, 0)]
  const both = new Map([
    [A, [stale]],
    [B, [stale, fresh]],
  ])
  assert.equal(hasFreshGauges(entryOf(both), NOW), true)
  assert.equal(hasFreshGauges(entryOf(gaugesOf(stale)), NOW), false)
  assert.equal(hasFreshGauges(entryOf(new Map()), NOW), false)
})

test('of other processes the fresh values are reported that the verdict covers, and those of ended ones say so', () => {
  const silent = (silence: number) => ({ at: new Date(NOW - silence).toISOString() })
  const lower = { under: { state: 'undecided' } } as const
  const found = otherGauges(
    [
      entryOf(gaugesOf(value(1), value(99, -10, 0))),
      entryOf(
        new Map([
          [B, [value(2)]],
          [A, []],
        ]),
      ),
      entryOf(gaugesOf(value(3)), { ended: true }),
      entryOf(gaugesOf(value(4)), silent(DAY)),
      entryOf(gaugesOf(value(5)), silent(DAY + 1)),
      entryOf(gaugesOf(value(98)), lower),
      entryOf(new Map([['acme.stale{}', [value(97, -10, 0)]]])),
    ],
    [
      { counterId: 'y', since: '', under, counts: new Map(), gauges: gaugesOf(value(6)) },
      { counterId: 'z', since: '', under, counts: new Map() },
    ],
    verdict,
    clock,
  )
  const plain = [...found].map(([key, values]) => [key, values.map((one) => [one.value, one.isEnded])])
  assert.deepEqual(plain, [
    [
      A,
      [
        [1, false],
        [3, true],
        [4, false],
        [5, true],
        [6, true],
      ],
    ],
    [B, [[2, false]]],
  ])
})

test('of ended processes the newest and the largest fresh value of each gauge are kept', () => {
  const [newest, largest] = [value(1, -1), value(9, -5)]
  const others = [value(5, -3), value(0, -9), value(50, -2, 0)]
  for (const [one, other] of [
    [[newest, ...others], [largest]],
    [[largest], [...others, newest]],
    [[], [...others, largest, newest]],
  ] as const)
    assert.deepEqual(amounts(mergeGauges(gaugesOf(...one), gaugesOf(...other), NOW)), [1, 9])
  assert.deepEqual(amounts(mergeGauges(gaugesOf(value(10, -1)), gaugesOf(largest, value(2, -8)), NOW)), [10])
  assert.deepEqual(amounts(mergeGauges(undefined, gaugesOf(value(3)), NOW)), [3])
  assert.deepEqual(amounts(mergeGauges(gaugesOf(value(3)), undefined, NOW)), [3])
  const both = mergeGauges(gaugesOf(value(3)), new Map([[B, [value(4)]]]), NOW)
  assert.deepEqual([amounts(both), amounts(both, B)], [[3], [4]])
  for (const nothing of [undefined, new Map(), gaugesOf(value(3, -10, 0))])
    assert.equal(mergeGauges(nothing, undefined, NOW), undefined)
})

test('values are read as they were written; with one that makes no sense, all are ignored', () => {
  assert.deepEqual(
    gaugesFromJson({
      [A]: [
        [3, NOW, NOW + 1],
        [-0.5, NOW, NOW],
      ],
      [B]: [],
    }),
    new Map([
      [
        A,
        [
          { value: 3, at: NOW, until: NOW + 1 },
          { value: -0.5, at: NOW, until: NOW },
        ],
      ],
      [B, []],
    ]),
  )
  for (const odd of [undefined, null, 7, 'x']) assert.equal(gaugesFromJson(odd), undefined)
  const good = [3, NOW, NOW + 1]
  for (const odd of [
    ...[7, null, { length: 3 }, '012', [3, NOW], [3, NOW, NOW, NOW], ['3', NOW, NOW], [null, NOW, NOW]],
    ...[
      [3, 'x', NOW],
      [3, NOW, 9e15],
      [3, 9e15, NOW],
    ],
  ])
    assert.equal(gaugesFromJson({ [B]: [good], [A]: [good, odd] }), undefined, JSON.stringify(odd))
  assert.equal(gaugesFromJson({ [B]: [good], [A]: 7 }), undefined)
  assert.equal(gaugesFromJson({ [A]: [good], users: [good] }), undefined, 'no key of a series')
})
