import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AttributeFact, acceptValue, type Rounding, reportedNumber } from '../../src/catalog/index.ts'

/** A number as a gauge with this rounding reports it. */
const rounded = (value: number, round: Rounding | undefined) =>
  reportedNumber(
    { kind: 'gauge', unit: '1', since: 1, why: 'Tells it.', example: 1, ...(round && { round }) },
    value,
  )

const common = { kind: 'attribute', since: 1, why: 'Tells it.' } as const

/** Nothing of another type is ever taken for a text. */
const NO_TEXT = [
  undefined,
  null,
  0,
  1,
  Number.NaN,
  10n,
  Symbol('1.0'),
  [],
  ['1.0'],
  {},
  () => '1.0',
  new Date(0),
]

const tables: ReadonlyArray<{ fact: AttributeFact; taken: readonly unknown[]; refused: readonly unknown[] }> =
  [
    {
      fact: { ...common, type: 'version', example: '15.2' },
      taken: [
        ...[
          '10',
          '10.1',
          '10.1.0',
          '1.0.0-rc1',
          '1.0.0-alpha',
          '123456789',
          '10.1.1a',
          '10.1.1.1',
          '10.1.1+rc1',
        ],
        ...['v22.15.0', '15.2_debian', '8.0.36-28', '0', '1'.repeat(64)],
      ],
      refused: [
        ...['', '!@#$%', ' 10 ', '10 ', '@10.1.1', 'a', 'a.b.c', 'latest', '1'.repeat(65), '1'.repeat(129)],
        ...[
          '10.',
          '.1',
          '1..0',
          '1.0-',
          'db.example.com',
          'PostgreSQL 15.2',
          '15.2\n',
          '15.2\n1',
          '１５',
          true,
        ],
        ...NO_TEXT,
      ],
    },
    {
      fact: { ...common, type: 'string', pattern: '[a-z]+|x[0-9]', maxLength: 5, example: 'deb' },
      taken: ['a', 'deb', 'x9', 'abcde'],
      refused: ['', 'abcdef', 'deb ', 'Deb', 'deb\n', 'a\nb', 'x9y', 'yx9', '/home/alice', true, ...NO_TEXT],
    },
    {
      fact: { ...common, type: 'string', pattern: '.*', example: 'x' },
      taken: ['', 'x'.repeat(64)],
      refused: ['x'.repeat(65), 'x\ny'],
    },
    {
      fact: { ...common, type: 'enum', values: ['community', 'enterprise'], example: 'community' },
      taken: ['community', 'enterprise'],
      refused: [
        '',
        'Community',
        'community ',
        'enterprize',
        'constructor',
        '__proto__',
        'length',
        0,
        true,
        ...NO_TEXT,
      ],
    },
    {
      fact: { ...common, type: 'boolean', example: true },
      taken: [true, false],
      refused: ['true', '', ...NO_TEXT],
    },
  ]

for (const { fact, taken, refused } of tables) {
  const name = 'pattern' in fact ? `${fact.type} /${fact.pattern}/` : fact.type
  test(`an attribute of type ${name} takes these values`, () => {
    for (const value of taken)
      assert.deepEqual(acceptValue(fact, value), { value, problems: [] }, `${String(value)} is refused`)
  })
  test(`an attribute of type ${name} refuses these values`, () => {
    for (const value of refused) {
      assert.deepEqual(
        acceptValue(fact, value),
        { problems: ['invalid_value'] },
        `${JSON.stringify(String(value))} is taken`,
      )
    }
  })
}

const anyNumber = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => value !== 0)

test('log2 rounds to a power of two that is not above the value and more than half of it', () => {
  fc.assert(
    fc.property(anyNumber.map(Math.abs), (value) => {
      const coarse = rounded(value, 'log2')
      assert.ok(Number.isInteger(Math.log2(coarse)), `${coarse} is not a power of two`)
      assert.ok(coarse <= value, `${coarse} is above ${value}`)
      assert.ok(coarse * 2 > value, `${coarse} is not more than half of ${value}`)
    }),
  )
})

test('log2 just below a power of two stays below it', () => {
  for (const [value, coarse] of [
    [2 ** 49 - 1, 2 ** 48],
    [Number.MAX_SAFE_INTEGER, 2 ** 52],
    [1 - Number.EPSILON / 2, 0.5],
    [Number.MAX_VALUE, 2 ** 1023],
    [Number.MIN_VALUE, Number.MIN_VALUE],
  ] as const) {
    assert.equal(rounded(value, 'log2'), coarse, String(value))
  }
})

test('log2 keeps zero, powers of two and the sign', () => {
  for (const value of [0, 1, 2, 4, 1024, 2 ** 40, 0.25]) {
    assert.equal(rounded(value, 'log2'), value)
    assert.equal(rounded(-value, 'log2'), -value)
  }
  assert.equal(rounded(-3, 'log2'), -2)
})

test('a rounded value does not change when it is rounded again', () => {
  fc.assert(
    fc.property(anyNumber, (value) => {
      assert.equal(rounded(rounded(value, 'log2'), 'log2'), rounded(value, 'log2'))
    }),
  )
})

test('a number without a rounding is reported as it is', () => {
  fc.assert(fc.property(anyNumber, (value) => assert.equal(rounded(value, undefined), value)))
})
