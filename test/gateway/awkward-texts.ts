import fc from 'fast-check'
import { anyCharacter } from '../support/any-character.ts'

/** Texts that mean something to YAML, OTTL, RE2, the Collector's own expansion, SQL, XML, a shell or curl. */
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: what the Collector would expand.
export const AWKWARD: readonly string[] = [
  ...[
    '$',
    '$$',
    '$$$',
    'pa$word',
    'a$',
    '${env:HOME}',
    '$${env:HOME}',
    '${env:NOWHERE:-x}',
    '${file:/etc/passwd}',
  ],
  ...[
    '$HOME',
    '%s',
    '%24',
    '\\',
    '\\\\',
    'a\\nb',
    '\\U00000041',
    '\\d',
    '"',
    "'",
    '"y\' {z}: [&*!',
    '`id`',
    '$(id)',
  ],
  ...[
    'null',
    '~',
    'true',
    'no',
    '0123',
    '1e3',
    '.inf',
    '2026-03-01',
    '# x',
    '- x',
    'a: b',
    '? x',
    '| x',
    '>',
    '&a',
    '*a',
    '!!str x',
  ],
  ...['a\nexporters:\n  file/x: { path: /tmp/x }', 'a\n---\nb', 'a\r\nb', 'a\tb', '{{ x }}', '[a, b]'],
  ...['") or true or ("', '" == "" or "', ') and (', '^a$', '.*', 'a|b', '(?i)A', '\\E.*\\Q'],
  ...[
    "'; DROP TABLE points; --",
    "\\'; SELECT 1 --",
    '{x:String}',
    '/* x */',
    '</value><x a="b">&amp;',
    '<![CDATA[x]]>',
  ],
  ...[
    'é',
    'ß',
    '日本語',
    '😀',
    '\u2028a\u2029',
    '\u0085',
    '\u00a0x\u00a0y'.trim(),
    '\ufeffx'.trim(),
    '\u202eabc',
    '\u0001',
    '\u007f',
  ],
]
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: what the Collector would expand.

const part = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...AWKWARD) },
  fc.string({ unit: anyCharacter, maxLength: 8 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 8 }),
)

/** Any text, most of them made of what is awkward. */
export const awkwardText = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))

/** One that a catalog takes as a word of an enum or of a dimension. */
export const awkwardWord = awkwardText.filter(
  (text) => text !== '' && text.length <= 64 && text.trim() === text && text.isWellFormed(),
)

/** The same sample at each run. */
export const sampled = <Value>(arbitrary: fc.Arbitrary<Value>, count: number): Value[] =>
  fc.sample(arbitrary, { numRuns: count, seed: 23 })
