/** Every link in every Markdown file leads to something, and every page that code or configuration names exists. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { lexer, type Token, walkTokens } from 'marked'

const root = path.resolve(import.meta.dirname, '../..')
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter((file) => file !== '' && existsSync(path.join(root, file)))
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

test('every link in a Markdown file leads to a file, and to a heading that is there', () => {
  const broken: string[] = []
  const pages = files.filter((file) => file.endsWith('.md'))
  assert.ok(pages.length > 15, `only ${pages.length} pages were found`)
  for (const page of pages) {
    for (const target of linksIn(read(page))) {
      if (/^(?:https?|mailto):/.test(target)) continue
      const [file = '', heading] = target.split('#')
      const place = file === '' ? page : path.join(path.dirname(page), decodeURI(file))
      const leads =
        existsSync(path.join(root, place)) &&
        (heading === undefined || (place.endsWith('.md') && headingsOf(place).has(heading)))
      if (!leads) broken.push(`${page}: ${target}`)
    }
  }
  assert.deepEqual(broken, [])
})

test('every page that code, a comment or a configuration names exists', () => {
  const broken = files
    .filter((file) => /\.(?:ts|js|mjs|go|sql|ya?ml|service|cfg|conf)$/.test(file))
    .flatMap((file) =>
      [...read(file).matchAll(/\b(?:docs|collector-config)\/[\w/-]+\.md\b/g)].map(([name]) => ({
        file,
        name,
      })),
    )
    .filter(({ name }) => !existsSync(path.join(root, name)))
  assert.deepEqual(broken, [])
})

/** Returns the targets of links and pictures, those of HTML included; what stands in code is no link. */
function linksIn(text: string): string[] {
  const found: string[] = []
  walkTokens(lexer(text), (token) => {
    if (token.type === 'link' || token.type === 'image') found.push(token['href'])
    if (token.type === 'html')
      found.push(
        ...[...token.raw.matchAll(/\b(?:href|src|srcset)="([^"]+)"/g)].map(([, target = '']) => target),
      )
  })
  return found
}

const headings = new Map<string, Set<string>>()

/** Returns the fragments by which GitHub knows the headings of a page. */
function headingsOf(page: string): Set<string> {
  const known = headings.get(page)
  if (known) return known
  const fragments = new Set<string>()
  for (const token of lexer(read(page))) {
    if (token.type !== 'heading') continue
    const name = plainText(token.tokens ?? [])
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
    let fragment = name
    for (let count = 1; fragments.has(fragment); count++) fragment = `${name}-${count}`
    fragments.add(fragment)
  }
  headings.set(page, fragments)
  return fragments
}

/** Returns the text of a heading without its emphasis and links. */
function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if ('tokens' in token && token.tokens) return plainText(token.tokens)
      return 'text' in token ? token.text : token.raw
    })
    .join('')
}
