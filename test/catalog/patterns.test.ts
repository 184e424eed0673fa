/** Patterns of facts: none can take seconds, and each means the same to JavaScript and to the RE2 of the gateway. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { type Facts, re2Of } from '../../src/catalog/index.ts'
import { patternProblem } from '../../src/catalog/patterns.ts'
import { defineCatalog } from '../../src/index.ts'
import { startProcessorTime } from '../support/processor-time.ts'

const SLOW = [
  '([a-z0-9]+-?)+',
  '(a+)+',
  '(a*)*',
  '([a-z]+)*',
  '(a|a)*',
  '(a|aa)+',
  '(a|b|ab)*',
  '(?:a?)*',
  '(|a)*',
  '(x+x+)+y',
  '(.*)*x',
  '(\\w+\\s?)*'.replace('\\s', ' '),
  '([^-]+-*)+',
  '(?:(?:a|b)+c?)+',
  '.*.*.*',
  '\\d+\\d+\\d+x',
  '(?:a|a){30}',
  '(?:a?){30}',
  'a{0,500}a{0,500}',
  '(?:a{1,100}){1,100}',
  '([a-z]{1,10}){1,10}',
  '(?:[a-z]+,?){20}',
]

const GOOD = [
  '[a-z0-9]+(?:-[a-z0-9]+)*',
  '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?',
  '\\d{1,3}(?:\\.\\d{1,4}){2}',
  '\\d+\\.\\d+\\.\\d+(?:-[0-9A-Za-z.-]+)?(?:\\+[0-9A-Za-z.-]+)?',
  '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  '[0-9a-f]{40}|unknown',
  '[!-~](?:[ -~]*[!-~])?',
  'latest|[a-z]+',
  '(?:Windows|Windows NT)(?: \\d+)?',
  '^v\\d$|^none$',
  '.*',
  '[^\\r\\n]{0,1000}',
  'é[à-ü]+|\u{1f600}?',
  '[^\\x00-\\x1f\\x7f-\\x9f]+',
]

test('a pattern that can take seconds to match is refused, with what to do', () => {
  for (const pattern of SLOW)
    assert.match(patternProblem(pattern) ?? pattern, /let each text match in one way/)
  for (const pattern of GOOD) assert.equal(patternProblem(pattern), undefined, pattern)
})

test('a pattern that the gateway reads otherwise, or not at all, is refused and names the part', () => {
  for (const [pattern, part] of [
    ['(?=a)a', "'\\(\\?='"],
    ['(?<!a)b', "'\\(\\?<'"],
    ['(?<name>a)', "'\\(\\?<'"],
    ['(a)\\1', "'\\\\1'"],
    ['\\p{L}+', "'\\\\p'"],
    ['\\s', "'\\\\s'"],
    ['\\bword\\b', "'\\\\b'"],
    ['\\u{61}', "'\\\\u'"],
    ['[^]*', "'\\[\\^\\]'"],
    ['[[:a]', "'\\[' in a class"],
    ['a^b', "'\\^' in the middle"],
    ['(a$)b', "'\\$' in the middle"],
    ['a{1001}', 'a repetition of more than 1000'],
    ['\ud800', 'half a character'],
  ] as const)
    assert.match(
      patternProblem(pattern) ?? '',
      new RegExp(`^holds ${part}.*, which the gateway does not read`),
    )
})

test('a pattern that can take seconds, or that the gateway cannot enforce, is refused and not silently reduced to a length', () => {
  const fact = { kind: 'attribute', type: 'string', since: 1, why: 'Shows it.', example: 'a' } as const
  for (const pattern of ['([a-z0-9]+-?)+', '(?=a).+']) {
    const facts: Facts = { 'acme.x': { ...fact, pattern } }
    assert.throws(
      () => defineCatalog({ version: 1, prefix: 'acme', facts }),
      /facts\['acme\.x'\]\.pattern: '/,
    )
  }
})

/** Patterns with everything that the reader takes. */
const patterns = fc.letrec<{ pattern: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      'a',
      'b',
      '-',
      '.',
      '\\d',
      '\\w',
      '\\W',
      '\\.',
      '[ab]',
      '[^a]',
      '[a-c-]',
      '[^\\n]',
      '\\t',
      '[\\x61-\\x63]',
      'é',
      '\u{1f600}',
    ),
    tie('pattern').map((one) => `(${one})`),
    tie('pattern').map((one) => `(?:${one})`),
  ),
  pattern: fc.oneof(
    { maxDepth: 4 },
    tie('atom'),
    fc
      .tuple(tie('atom'), fc.constantFrom('*', '+', '?', '{2}', '{0,3}', '{1,}', '*?', '??', '{2,3}?'))
      .map((parts) => parts.join('')),
    fc.array(tie('pattern'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')),
    fc.array(tie('pattern'), { minLength: 2, maxLength: 3 }).map((parts) => parts.join('|')),
  ),
})).pattern

const texts = fc
  .array(fc.constantFrom('a', 'b', 'c', '-', '.', '0', ' ', '\n', '\r', '\t', '\u2028', 'é', '\u{1f600}'), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''))

test('what is taken matches the same texts in RE2', () => {
  fc.assert(
    fc.property(patterns, fc.array(texts, { minLength: 1, maxLength: 20 }), (pattern, some) => {
      fc.pre(isExpression(pattern) && patternProblem(pattern) === undefined)
      const there = RE2JS.compile(`^(?:${re2Of(pattern)})$`)
      const here = new RegExp(`^(?:${pattern})$`, 'u')
      for (const text of some)
        assert.equal(there.test(text), here.test(text), `${pattern} ${JSON.stringify(text)}`)
    }),
    { numRuns: 500 },
  )
})

test('what is taken matches the longest text that a fact may have in no time', () => {
  fc.assert(
    fc.property(patterns, fc.array(texts, { minLength: 1, maxLength: 4 }), (pattern, some) => {
      fc.pre(isExpression(pattern) && patternProblem(pattern) === undefined)
      const expression = new RegExp(`^(?:${pattern})$`, 'u')
      for (const text of [...some, ...pattern]) {
        const long = text.repeat(1_024 / (text.length || 1))
        const used = startProcessorTime()
        for (const end of ['', '!', 'a', '\n']) expression.test(long + end)
        assert.ok(used() < 200, `${pattern} ${JSON.stringify(text)}`)
      }
    }),
    { numRuns: 500 },
  )
})

const isExpression = (pattern: string) => {
  try {
    return new RegExp(pattern, 'u').source !== ''
  } catch {
    return false
  }
}
