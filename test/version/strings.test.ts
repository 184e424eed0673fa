/** The table of version strings in docs/version-notice.md: what is shown, compared or refused. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { formOf, isVersion, lineOf, loadVersionOrder } from '../../src/feed/index.ts'

type Treatment = 'compared' | 'shown' | 'refused'

const treatmentOf = (version: unknown): Treatment =>
  !isVersion(version) ? 'refused' : formOf(version) === undefined ? 'shown' : 'compared'

/** TimescaleDB's list (test/sql/telemetry.sql), each a case, and the kinds that other products use. */
export const CASES: ReadonlyArray<readonly [version: string, treatment: Treatment, kind: string]> = [
  ['10.1.0', 'compared', 'TimescaleDB: three numbers'],
  ['10.1', 'compared', 'TimescaleDB: two numbers'],
  ['10', 'compared', 'TimescaleDB: one number'],
  ['1.0.0-rc1', 'compared', 'TimescaleDB: a pre-release'],
  ['1.0.0-alpha', 'compared', 'TimescaleDB: a pre-release'],
  ['123456789', 'compared', 'TimescaleDB: a long number'],
  ['a', 'shown', 'TimescaleDB: a word'],
  ['a.b.c', 'shown', 'TimescaleDB: words'],
  ['10.1.1a', 'shown', 'TimescaleDB: a letter behind a number'],
  ['10.1.1.1', 'compared', 'TimescaleDB: four numbers'],
  ['!@#$%', 'refused', 'TimescaleDB: other characters'],
  [' 10 ', 'refused', 'TimescaleDB: spaces'],
  ['10.1.1+rc1', 'compared', 'TimescaleDB refuses it; semver calls it a build'],
  ['@10.1.1', 'refused', 'TimescaleDB: an at sign'],
  ['', 'refused', 'an empty text, which TimescaleDB accepts'],
  ['1'.repeat(129), 'refused', 'TimescaleDB: more than 128 characters'],
  ['1'.repeat(128), 'shown', '128 characters; more digits than can be compared exactly'],
  ['2.5.0+build.7', 'compared', 'semver with a build, which does not count'],
  ['2.5.0-rc.1+build.7', 'compared', 'semver with both'],
  ['v2.5.0', 'compared', 'semver with a v in front'],
  ['2026-11-27', 'compared', 'an ISO date, with others'],
  ['2026.11.27', 'compared', 'a date as numbers'],
  ['2026.01.05', 'compared', 'a date with zeros in front'],
  ['20261127', 'compared', 'a date as one number'],
  ['2026-13-27', 'shown', 'not a date'],
  ['10.1-rc1', 'shown', 'two numbers with a pre-release'],
  ['2.5.0-', 'shown', 'semver without its pre-release'],
  ['2.5.0-01', 'shown', 'a pre-release that semver refuses'],
  ['1.2.3.4.5.6.7', 'shown', 'more than six numbers'],
  ['2.5.0\n', 'refused', 'a line break'],
  ['2.5.0\u001b[31m', 'refused', 'an ANSI escape'],
  ['\u202e2.5.0', 'refused', 'a change of text direction'],
  ['<b>2.5.0</b>', 'refused', 'HTML'],
  ['２.５.０', 'refused', 'other digits than ASCII'],
  ['-2.5.0', 'refused', 'what a command would read as an option'],
  ['.2.5', 'refused', 'a dot in front'],
]

for (const [version, treatment, kind] of CASES)
  test(`${treatment}: ${kind}`, () => assert.equal(treatmentOf(version), treatment))

test('only a string is a version', () => {
  for (const value of [undefined, null, 10, {}, ['10'], true, Object('10')])
    assert.equal(isVersion(value), false)
})

test('the page has the same table', () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/version-notice.md'), 'utf8')
  for (const [version, treatment] of CASES) {
    if (/[^\x20-\x7e]/.test(version) || version.length > 100 || version.trim() !== version || version === '')
      continue
    const row = page.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${version}\``))
    assert.ok(
      row?.includes(`| ${treatment} |`),
      `docs/version-notice.md says of '${version}' that it is ${treatment}`,
    )
  }
})

/** Versions in ascending order; those in one list are the same. */
const ASCENDING = [
  ['1.0.0-alpha'],
  ['1.0.0-alpha.1'],
  ['1.0.0-rc.1'],
  ['1.0.0-rc.2'],
  ['1.0.0', '1', '1.0', 'v1.0.0', '1.0.0+build.7', '1.0.0.0'],
  ['1.0.0.1'],
  ['1.0.1'],
  ['1.9.0'],
  ['1.10.0'],
  ['2.0.0'],
  ['2026.01.05', '2026.1.5'],
  ['2026.11.27'],
  ['20261127'],
]

test('versions are ordered by their numbers, and a pre-release comes before its release', async () => {
  const { compare } = await loadVersionOrder()
  for (const [at, left] of ASCENDING.entries())
    for (const [other, right] of ASCENDING.entries())
      for (const one of left)
        for (const two of right) {
          const result = compare(one, two)
          // A pre-release has no place among four numbers.
          if (result === undefined)
            assert.match(`${one} ${two}`, /-.*(?:\.\d+){3}|(?:\.\d+){3}.*-|0[15].*-|-.*0[15]/)
          else assert.equal(Math.sign(result), Math.sign(at - other), `${one} ${two}`)
        }
})

test('what cannot be compared is not called newer or older', async () => {
  const { compare, isIn } = await loadVersionOrder()
  for (const [one, two] of [
    ['a', 'b'],
    ['10.1.1a', '10.1.1'],
    ['2026-11-27', '2.5.0'],
    ['2026-11-27', '20261127'],
    ['1.0.0-rc1', '1.0.0.1'],
  ] as const) {
    assert.equal(compare(one, two), undefined, `${one} ${two}`)
    assert.equal(isIn(one, `<${two} || >${two}`), false)
  }
  assert.equal(compare('2026-11-27', '2026-12-01'), -1)
  assert.equal(isIn('10.1.1a', '=10.1.1a'), true)
  assert.equal(isIn('10.1.1a', '10.1.1b || 10.1.1a'), true)
})

for (const [version, range, expected] of [
  ['2.4.0', '>=2.0.0 <2.4.3', true],
  ['2.4.3', '>=2.0.0 <2.4.3', false],
  ['2.4.3-rc.1', '>=2.0.0 <2.4.3', true],
  ['3.0.5', '>=2.0.0 <2.4.3 || >=3.0.0 <=3.0.5', true],
  ['10.1.1.3', '>=10.1.1.1 <10.1.1.4', true],
  ['10.1.2', '>=10.1.1.1 <10.1.1.4', false],
  ['2026-05-01', '<2026-06-01', true],
  ['2.4.0+build.9', '=2.4.0', true],
] as const) {
  test(`${version} is ${expected ? '' : 'not '}in ${range}`, async () => {
    assert.equal((await loadVersionOrder()).isIn(version, range), expected)
  })
}

test('the minor line of a version is its first two numbers', () => {
  for (const [version, line] of [
    ['2.4.0', '2.4'],
    ['2.4.0-rc.1', '2.4'],
    ['10.1.1.1', '10.1'],
    ['2026-11-27', '2026-11'],
    ['10', undefined],
    ['a.b.c', undefined],
  ] as const)
    assert.equal(lineOf(version), line)
})

test('the order of any two versions is the opposite of that of the same two the other way round', async () => {
  const { compare } = await loadVersionOrder()
  const part = fc.oneof(fc.nat({ max: 30 }).map(String), fc.constantFrom('00', '07', 'a', 'rc1'))
  const version = fc
    .tuple(fc.array(part, { minLength: 1, maxLength: 5 }), fc.constantFrom('', '-rc.1', '-1', '+b', '-a+b'))
    .map(([parts, end]) => parts.join('.') + end)
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      const [ab, ba, bc, ac] = [compare(a, b), compare(b, a), compare(b, c), compare(a, c)]
      assert.equal(ab === undefined, ba === undefined)
      if (ab !== undefined && ba !== undefined) assert.equal(Math.sign(ab), -Math.sign(ba) || 0)
      if (ab !== undefined && bc !== undefined && ac !== undefined && ab <= 0 && bc <= 0) assert.ok(ac <= 0)
    }),
  )
})
