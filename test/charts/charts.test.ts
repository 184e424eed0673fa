/** Charts of answers, without a store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chartSvg, inlineChart } from '../../src/maintainer/charts/index.ts'
import {
  type Answer,
  type Columns,
  QUESTIONS,
  type QuestionName,
  type Row,
} from '../../src/maintainer/insights/index.ts'
import { ANSWERS, answerOf } from './answers.ts'

const questions = Object.keys(QUESTIONS) as QuestionName[]
const chartOf = (answer: Answer, width?: number) =>
  chartSvg(answer, { title: 'A title', description: ['A sentence.'], ...(width && { width }) })

test('every question has a chart that is one well-formed image with a title and a description, the same each time', () => {
  for (const question of questions) {
    const svg = chartOf(ANSWERS[question])
    assertWellFormed(svg)
    assert.match(svg, /role="img" aria-labelledby="title description"/)
    assert.match(svg, /<title id="title">A title<\/title>\n<desc id="description">A sentence\.<\/desc>/)
    assert.doesNotMatch(svg, /NaN|undefined|\[object/, question)
    assert.doesNotMatch(
      svg,
      /<script|\son\w+=|style="|href|url\(|<!|https?:(?!\/\/www\.w3\.org\/2000\/svg")/,
      question,
    )
    assert.equal(chartOf(structuredClone(ANSWERS[question])), svg)
  }
})

test('a chart shows the numbers of its answer', () => {
  const svg = chartOf(ANSWERS.versions)
  for (const text of ['3.1.0', '1,890 · 44.9 %', '(not reported)'])
    assert.ok(svg.includes(`>${text}</text>`), text)
  const map = chartOf(ANSWERS.countries)
  assert.match(map, /<title>Germany: 1,104<\/title>/)
  assert.match(map, /<circle [^>]*><title>Malta: 22<\/title>/)
  assert.match(chartOf(ANSWERS.canIDrop), /in this period: 4\.3 % \(3\.8 % – 5\.0 %\)/)
})

test('an answer without rows has a sentence in place of a chart, and a number that is withheld is not drawn', () => {
  for (const question of questions)
    assert.match(chartOf(answerOf(question, [])), />There is nothing to show\.</)
  const rows = ANSWERS.active.rows.map((row, index) =>
    index === 3 ? { ...row, day7: null, day1: null } : row,
  )
  assert.doesNotMatch(chartOf(answerOf('active', rows)), /NaN/)
})

const hostile = fc.oneof(
  fc.constantFrom(
    '</text><script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    '\u202e\u0000\ud800',
    '&lt;',
    ']]>',
    '',
    'a\nb',
    '__proto__',
    'constructor',
  ),
  fc.string({ unit: 'binary' }),
)

test('hostile names in an answer stay text, however wide the chart is', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...questions),
      fc.array(hostile, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 200, max: 1500 }),
      (question, texts, width) => {
        const columns: Columns = QUESTIONS[question].columns
        const rows = ANSWERS[question].rows.map(
          (row, index): Row =>
            Object.fromEntries(
              Object.entries(row).map(([name, value]) => [
                name,
                columns[name] === 'text' && name !== 'what' ? (texts[index % texts.length] as string) : value,
              ]),
            ),
        )
        const answer = { ...ANSWERS[question], rows, arguments: { by: texts[0] } }
        const [title, description] = [texts[0] as string, texts]
        const options = { title, description, width }
        assertWellFormed(chartSvg(answer, options))
        assertWellFormed(inlineChart(answer, { ...options, id: 'x', className: 'wide' }))
      },
    ),
    { numRuns: 25 },
  )
})

const ELEMENTS = new Set([
  'svg',
  'title',
  'desc',
  'style',
  'g',
  'rect',
  'path',
  'text',
  'tspan',
  'circle',
  'line',
])

/** Asserts that the text is XML of elements that a chart has, and of texts. */
function assertWellFormed(svg: string): void {
  const open: string[] = []
  const rest = svg.replaceAll(
    /<(\/?)(\w+)((?: [\w:-]+="[^"<]*")*)(\/?)>/g,
    (_, end, name, attributes, isEmpty) => {
      assert.ok(ELEMENTS.has(name), name)
      assert.doesNotMatch(attributes, /&(?!(?:amp|lt|gt|quot);)/)
      if (end) assert.equal(open.pop(), name)
      else if (!isEmpty) open.push(name)
      return ''
    },
  )
  assert.deepEqual(open, [])
  assert.doesNotMatch(rest, /[<]|&(?!(?:amp|lt|gt|quot);)|[\p{Cs}\p{Co}\0\u202e]/u)
}
