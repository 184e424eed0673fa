/** The layout of what commands print, as a terminal shows it: a wide character takes two columns, a combining mark none. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import stringWidth from 'string-width'
import { columns, createTerminal } from '../../src/operator/commands/terminal.ts'

const terminalOf = (width: number) =>
  createTerminal(Object.assign(new PassThrough(), { columns: width }), { COLUMNS: `${width}` })

const WIDE = ['中文版', 'Ｆｕｌｌ', '한국어', 'e\u0301', '🚀', '👩\u{1f3fd}', '🇩🇪', 'ก็', 'plain', 'カタカナ']

test('wide characters, emoji and combining marks shift no column', () => {
  const lines = columns(
    terminalOf(80),
    WIDE.map((word) => [word, '|', 'why']),
  ).flat()
  assert.deepEqual([...new Set(lines.map((line) => stringWidth(line.slice(0, line.indexOf('|')))))], [10])
})

test('no line is wider than the terminal, whatever the script, and no character is lost or cut', async () => {
  const word = fc.array(fc.constantFrom(...WIDE, 'a', '-'), { minLength: 1, maxLength: 30 })
  const text = fc.array(word, { maxLength: 6 }).map((words) => words.map((parts) => parts.join('')).join(' '))
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 40, max: 100 }), async (text, width) => {
      const lines = terminalOf(width).wrap(text, '  ')
      assert.equal(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''))
      // A word of narrow letters stays whole, so that a path can be copied.
      for (const line of lines) if (stringWidth(line) > width) assert.doesNotMatch(line.trim(), / /)
      const segments = [...new Intl.Segmenter().segment(text.replaceAll(' ', ''))].length
      const kept = lines.flatMap((line) => [...new Intl.Segmenter().segment(line.replaceAll(' ', ''))])
      assert.equal(kept.length, segments)
    }),
  )
})

test('a sentence in a script without spaces is broken at the width of the terminal', () => {
  const lines = terminalOf(40).wrap('显示产品是否被使用以及用在哪些地方'.repeat(4), '    ')
  assert.ok(lines.length > 2)
  for (const line of lines) assert.ok(stringWidth(line) <= 40, line)
  const path = `/var/lib/${'a'.repeat(60)}`
  assert.deepEqual(terminalOf(40).wrap(`in ${path}`), ['in', path])
})
