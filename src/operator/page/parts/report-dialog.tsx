import { useEffect, useState } from 'preact/hooks'
import type { Comparison, Entry, Report } from '../client.ts'
import { useSurroundings } from './context.ts'
import { Dialog } from './dialog.tsx'
import { Bytes } from './next-report.tsx'
import { Code, Value } from './text.tsx'

/** One report: what became of it, what changed in it, and its bytes. */
export function ReportDialog({
  entry,
  previous,
  onClose,
}: {
  readonly entry: Entry
  readonly previous?: Entry
  readonly onClose: () => void
}) {
  const { messages, format, model } = useSurroundings()
  const [report, setReport] = useState<Report>()
  const [comparison, setComparison] = useState<Comparison>()
  const [trouble, setTrouble] = useState<string>()
  useEffect(() => {
    const failed = (error: Error) => setTrouble(error.message)
    model.client.report(entry.reportId).then(setReport, failed)
    if (previous) model.client.compare(previous.reportId, entry.reportId).then(setComparison, () => {})
  }, [entry.reportId])
  return (
    <Dialog title={messages.report(format.moment(entry.at))} onClose={onClose}>
      {trouble !== undefined && <p role="alert">{messages.failed(trouble)}</p>}
      <dl>
        {report?.entries.toReversed().map(({ at, outcome, reason }) => (
          <div key={`${at}${outcome}`}>
            <dt>{format.moment(at)}</dt>
            <dd>
              {messages.outcomes[outcome] ?? outcome}
              {reason !== '' && `, ${format.times(reason)}`}
            </dd>
          </div>
        ))}
      </dl>
      {comparison && <Changes comparison={comparison} />}
      {report &&
        (report.report ? (
          <>
            <div class="head">
              <span class="soft small">
                {format.size(report.report.size)}, SHA-256 <Code>{report.report.sha256}</Code>
              </span>
              <a class="button" href={`${model.client.base}/reports/${entry.reportId}/bytes`} download>
                {messages.download}
              </a>
            </div>
            <Bytes text={report.report.text} />
          </>
        ) : (
          <p class="soft">{messages.notKept}</p>
        ))}
    </Dialog>
  )
}

/** Facts that differ between two reports. */
function Changes({ comparison: { changes } }: { readonly comparison: Comparison }) {
  const { messages } = useSurroundings()
  if (changes.length === 0) return <p class="soft">{messages.unchanged}</p>
  const side = (value: unknown) =>
    value === undefined ? <span class="soft">{messages.absent}</span> : <Value value={value} />
  return (
    <table data-part="changes">
      <caption>{messages.changed}</caption>
      <thead>
        <tr>
          <th scope="col">{messages.fact}</th>
          <th scope="col">{messages.before}</th>
          <th scope="col">{messages.after}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ name, before, after }) => (
          <tr key={name}>
            <th scope="row">
              <Code>{name}</Code>
            </th>
            <td>{side(before)}</td>
            <td>{side(after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
