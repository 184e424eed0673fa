/** The rules of CONTRIBUTING.md, "Words", that a program can hold: how docstrings begin, and words that comments, messages and names avoid, those of tests included. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parseSync } from 'oxc-parser'

const root = path.resolve(import.meta.dirname, '../..')

const OPENING = /^(?:What|Whatever|Whether|Where|Which|Who|Whose|Why|When|How|Of)\b/
const NAME_ANOTHER_WAY = "name it by what it is: 'location', 'position', 'index', 'inUse', 'announced'"
const BEGIN = "begin with a verb or a noun: 'Returns the …', 'Time of the …, in milliseconds', '`true` if …'"

/** Words by what to write instead. */
const AVOIDED: ReadonlyArray<readonly [words: RegExp, instead: string]> = [
  [/\btold\b/, "say who does what: 'the operator is warned', 'can be distinguished from'"],
  [/\banew\b/, "write 'again'"],
  [/\bof (?:its|their) own\b/, "write 'its own …' or 'a separate …'"],
  [/(?<!\bthere )\bis none\b/, "write 'is not a …', or 'if there is none'"],
  [/(?<!\bthere )\b(?:is|are) no (?!longer\b|more\b)/i, "write 'is not a …'"],
  [/\b(?:is|are) void\b/, "write 'is ignored'"],
  [/\b(?:held|holds?) (?:up )?against\b/, "write 'is compared with'"],
]

/** Words that the names of tests avoid as well. */
const AVOIDED_IN_NAMES: typeof AVOIDED = [
  [/(?<!\bthere )\b(?:was|were) none\b/, "write 'was not a …', or 'if there was none'"],
  [/\bfor good\b/, "write 'permanently'"],
  [/\bas good as none\b/, "write 'is ignored'"],
  [/\bbooks?\b/, 'say what is counted or compared'],
  [/\b(?:tells?|telling)\b/, "write 'shows', 'reports' or 'distinguishes'"],
  [
    /^(?:t\.)?test\(\s*.(?:it|they|them|who|nor|so) /,
    'begin with a noun: the name is read without the one before it',
  ],
]

/** A test or a group of tests, and its name in quotes. */
const NAME =
  /(?<![\w.])(?:t\.)?(?:test|it|describe|suite)\(\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`)/g

/** Words that no name has, as a part of it either. */
const AVOIDED_PARTS = /(?:^|_)(?:places?|taken|told)(?![a-z])|(?:Places?|Taken|Told)(?![a-z])/

/** Names of limits. */
const LIMIT = /^(?:MOST|LONGEST|LARGEST|LEAST|SHORTEST)_/

test('docstrings begin with a verb or a noun, and comments, messages and names avoid what is hard to read', () => {
  const files = globSync(
    ['{src,examples,scripts}/**/*.ts', 'bench/*.{ts,js}', 'bench/{gateway,programs}/**/*.{ts,js}'],
    { cwd: root },
  )
  const found = files.flatMap((file) => findings(file, readFileSync(path.join(root, file), 'utf8')))
  assert.deepEqual(found, [], 'CONTRIBUTING.md, "Words", has the rules')
})

test('names of tests avoid what is hard to read', () => {
  const files = globSync('test/**/*.test.ts', { cwd: root }).filter(
    (file) => path.join(root, file) !== import.meta.filename,
  )
  const found = files.flatMap((file) => findingsInNames(file, readFileSync(path.join(root, file), 'utf8')))
  assert.deepEqual(found, [], 'CONTRIBUTING.md, "Words", has the rules')
})

test('the pages that people read avoid them too', () => {
  const pages = globSync(
    '{README.md,SECURITY.md,docs/*.md,docs/decisions/*.md,{collector-config,src,examples}/**/README.md}',
    {
      cwd: root,
    },
  )
  const found = pages.flatMap((file) =>
    readFileSync(path.join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        AVOIDED.flatMap(([words, instead]) => {
          const match = words.exec(line)
          return match ? [`${file}:${index + 1} ('${match[0]}'); ${instead}`] : []
        }),
      ),
  )
  assert.deepEqual(found, [], 'CONTRIBUTING.md, "Words", has the rules')
})

test('comments in YAML, SQL and the files of units and proxies avoid them too', () => {
  const files = globSync('collector-config/**/*.{yaml,sql,service,timer,cfg,conf}', { cwd: root })
  const found = files.flatMap((file) => {
    const lines = readFileSync(path.join(root, file), 'utf8').split('\n')
    const comments = lines.map((line) => /^\s*(?:#|--)(.*)/.exec(line)?.[1] ?? '').join('\n')
    return AVOIDED.flatMap(([words, instead]) => {
      const match = words.exec(comments)
      return match ? [`${file} ('${match[0]}'); ${instead}`] : []
    })
  })
  assert.deepEqual(found, [], 'CONTRIBUTING.md, "Words", has the rules')
})

for (const [what, text, expected] of [
  ['a docstring in one line', '/** Whether it is sent. */\nlet a', [BEGIN]],
  ['a docstring of several lines', '/**\n * What is sent.\n *\n * Ends there.\n */\nlet a', [BEGIN]],
  ['a docstring of a member', 'interface A {\n  /** Where it lies. */\n  readonly a: string\n}', [BEGIN]],
  ['a word in a comment', 'let a // as we were told\n', [AVOIDED[0]?.[1]]],
  ['a word over the end of a line', '/** Has a clock of its\n * own. */\nlet a', [AVOIDED[2]?.[1]]],
  ['a word in a message', "throw new Error('the name is none')", [AVOIDED[3]?.[1]]],
  ['a word in a template', 'throw new Error(`Begin anew.`)', [AVOIDED[1]?.[1]]],
  ['a refusal', "refuse('is no list')", [AVOIDED[4]?.[1]]],
  ['a name of a limit', 'const MOST_BYTES = 1', ["name it 'MAX_…' or 'MIN_…'"]],
  ['a name of a noun', 'const oldPlaces = 1', [NAME_ANOTHER_WAY]],
  ['a name of a member', 'interface A { readonly taken: string }', [NAME_ANOTHER_WAY]],
  [
    'plain English',
    '/** Returns what is sent, if there is none. */\nconst whether = 1 // There is no limit, and it is no longer sent.\n',
    [],
  ],
  [
    'other words',
    "/** Whereas … */\nconst MOSTLY = 'retold, howl', placement = mistaken.replaceAll('a', 'b')",
    [],
  ],
] as const) {
  test(`the check of words: ${what}`, () => {
    const instead = findings('src/a.ts', text).map((finding) => finding.slice(finding.lastIndexOf('); ') + 3))
    assert.deepEqual(instead, expected)
  })
}

for (const [what, text, expected] of [
  ['a name in quotes', "test('an id that is none is refused', () => {})", 'is none'],
  ['a name with a value in it', 'test(`a: begin anew`, () => {})', 'anew'],
  ['a name of a group', "describe('what is told', () => {})", 'told'],
  ['a name of a part', "await t.test('refused for good', () => {})", 'for good'],
  ['a pronoun without its noun', "test('it is sent', () => {})", "test('it "],
  ['a text beside the name', "test('an id', () => assert.equal(a, 'told'))", undefined],
] as const) {
  test(`the check of names: ${what}`, () => {
    const words = findingsInNames('test/a.test.ts', text).map((finding) => /\('(.*)'\);/.exec(finding)?.[1])
    assert.deepEqual(words, expected === undefined ? [] : [expected])
  })
}

/** Searches by a pattern: parsing all tests would cost seconds. */
function findingsInNames(file: string, text: string): string[] {
  return [...text.matchAll(NAME)].flatMap(({ 0: name, index }) =>
    [...AVOIDED, ...AVOIDED_IN_NAMES].flatMap(([avoided, instead]) => {
      const match = avoided.exec(name)
      return match ? [`${file}:${text.slice(0, index).split('\n').length} ('${match[0]}'); ${instead}`] : []
    }),
  )
}

function findings(file: string, text: string): string[] {
  const { comments, program, errors } = parseSync(file, text)
  assert.deepEqual(errors, [])
  const found: string[] = []
  const add = (start: number, what: string, instead: string) =>
    found.push(`${file}:${text.slice(0, start).split('\n').length} ('${what}'); ${instead}`)
  const check = (start: number, words: string) => {
    for (const [avoided, instead] of AVOIDED) {
      const match = avoided.exec(words)
      if (match) add(start, match[0], instead)
    }
  }
  for (const { type, value, start } of comments) {
    const words = value.replaceAll(/\s*\n\s*\*?\s*/g, ' ')
    const opening = type === 'Block' && value.startsWith('*') && OPENING.exec(words.slice(1).trim())
    if (opening) add(start, `${opening[0]} …`, BEGIN)
    check(start, words)
  }
  visit(program, (node) => {
    if (node.type === 'Literal' && typeof node.value === 'string') check(node.start, node.value)
    if (node.type === 'TemplateElement') check(node.start, node.value.cooked)
    if (node.type === 'Identifier' && AVOIDED_PARTS.test(node.name))
      add(node.start, node.name, NAME_ANOTHER_WAY)
    if (node.type === 'VariableDeclarator' && LIMIT.test(node.id.name))
      add(node.start, node.id.name, "name it 'MAX_…' or 'MIN_…'")
  })
  return found
}

// biome-ignore lint/suspicious/noExplicitAny: any node of the syntax tree.
function visit(node: any, see: (node: any) => void): void {
  if (typeof node !== 'object' || node === null) return
  if (typeof node.type === 'string') see(node)
  for (const child of Object.values(node)) visit(child, see)
}
