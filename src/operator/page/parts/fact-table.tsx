import type { Preview } from '../client.ts'
import { rowsOf, titleOf } from '../rows.ts'
import { useSurroundings } from './context.ts'
import { Sparkline } from './sparkline.tsx'
import { Code, Value } from './text.tsx'

/** Table of a report: each fact with the reason why it is asked, its course so far, and its value. */
export function FactTable({
  preview,
  course = false,
}: {
  readonly preview: Preview
  readonly course?: boolean
}) {
  const { known, messages } = useSurroundings()
  const { about, facts, series } = known
  const rows = rowsOf(preview.facts, facts)
  if (!preview.report) return <p class="soft">{`${messages.noReport} ${preview.table}`}</p>
  return (
    <table class="facts">
      <thead>
        <tr>
          <th scope="col">{messages.fact}</th>
          <th scope="col">{messages.reason}</th>
          {course && <th scope="col">{messages.course}</th>}
          <th scope="col">{messages.value}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, why, level, values }) => (
          <tr key={name}>
            <th scope="row">
              {titleOf(name, about.prefix)}
              {about.levels.length > 1 && level !== undefined && <span class="tag">{level}</span>}
              <br />
              <Code>{name}</Code>
            </th>
            <td class="soft">{why}</td>
            {course && (
              <td class="course">
                <Sparkline name={name} points={series.facts[name] ?? []} />
              </td>
            )}
            <td class="values">
              {values.map(({ label, value }) => (
                <Value key={label} value={value} label={label} />
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
