import { countryName, inlineChart } from '../charts/index.ts'
import {
  type Answer,
  type Columns,
  cellText,
  chartSentencesOf,
  emptySentence,
  headingOf,
  QUESTIONS,
  type QuestionName,
} from '../insights/index.ts'
import { escapeHtml } from '../publish/index.ts'

/** A chart of a page: its answer, and the name of its files. */
export interface Figure {
  readonly id: string
  readonly title: string
  readonly answer: Answer
}

/** Returns the chart of an answer with what has to be known to read it, all of its numbers, and the files that have them. */
export function figureHtml({ id, title, answer }: Figure): string {
  const description = chartSentencesOf(answer)
  const notes = `<ul class="notes">${description.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join('\n')}</ul>`
  if (answer.rows.length === 0)
    return `<div class="figure"><p>${escapeHtml(emptySentence(answer))}</p>\n${notes}</div>`
  const charts = (
    [
      ['wide', 756],
      ['narrow', 336],
    ] as const
  ).map(([className, width]) =>
    inlineChart(answer, { id: `${id}-${className}`, className, title, description, width }),
  )
  return `<figure class="figure">
${charts.join('\n')}
<figcaption>${notes}</figcaption>
<details><summary>All numbers<span class="hidden"> of: ${escapeHtml(title)}</span></summary>
${tableHtml(title, answer)}
</details>
<p class="files">Data: ${filesHtml(id, title)}</p>
</figure>`
}

const filesHtml = (id: string, title: string) =>
  ['json', 'csv', 'svg']
    .map(
      (ending) =>
        `<a href="data/${id}.${ending}">${ending.toUpperCase()}<span class="hidden"> of: ${escapeHtml(title)}</span></a>`,
    )
    .join(' ')

function tableHtml(title: string, answer: Answer): string {
  const columns: Columns = QUESTIONS[answer.question as QuestionName].columns
  // A column of dimensions is empty where a fact has none.
  const names = Object.keys(columns).filter((name) => answer.rows.some((row) => row[name] !== ''))
  const isNumber = (name: string) => columns[name] !== 'text' && columns[name] !== 'day'
  const classOf = (name: string) => (isNumber(name) ? ' class="number"' : '')
  const shown = (name: string, value: string | number | null | undefined) =>
    answer.question === 'countries' && name === 'value' && countryName(String(value)) !== value
      ? `${countryName(String(value))} (${value})`
      : cellText(value === '' ? null : value, columns[name] ?? 'text')
  const head = names
    .map((name) => `<th scope="col"${classOf(name)}>${escapeHtml(headingOf(name))}</th>`)
    .join('')
  const rows = answer.rows.map((row) => {
    const [first = '', ...others] = names
    const cells = others.map((name) => `<td${classOf(name)}>${escapeHtml(shown(name, row[name]))}</td>`)
    return `<tr><th scope="row">${escapeHtml(shown(first, row[first]))}</th>${cells.join('')}</tr>`
  })
  return `<div class="scroll" role="region" aria-label="${escapeHtml(`Numbers: ${title}`)}" tabindex="0"><table>
<thead><tr>${head}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table></div>`
}
