import { useState } from 'preact/hooks'
import type { Entry } from '../client.ts'
import type { Format } from '../format.ts'
import type { Messages } from '../messages/messages.ts'
import { useSurroundings } from './context.ts'
import { ReportDialog } from './report-dialog.tsx'

/** Number of reports that are shown before somebody asks for more. */
const FEW = 7

/** Log of the reports, newest first: what became of each. */
export function Reports() {
  const { known, messages, format, model } = useSurroundings()
  const [open, setOpen] = useState<Entry>()
  const [isLong, setIsLong] = useState(false)
  const latest = latestOf(known.entries)
  const previous = open && latest[latest.indexOf(open) + 1]
  return (
    <section class="card" data-part="reports">
      <div class="head">
        <h2>{messages.reports}</h2>
        {latest.length > 0 && <span class="soft small">{messages.lastReports(latest.length)}</span>}
      </div>
      {latest.length === 0 ? <p class="soft">{messages.noReports}</p> : <Bars latest={latest} />}
      <table class="log">
        <tbody>
          {latest.slice(0, isLong ? undefined : FEW).map((entry) => (
            <tr key={entry.reportId}>
              <td>{format.moment(entry.at)}</td>
              <td class="soft">{becameOf(entry, messages, format)}</td>
              <td>
                <button
                  type="button"
                  class="link"
                  aria-label={messages.openReport(format.moment(entry.at))}
                  onClick={() => setOpen(entry)}
                >
                  {messages.open}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {(known.older !== undefined || (!isLong && latest.length > FEW)) && (
        <button type="button" onClick={() => (isLong ? void model.loadOlder() : setIsLong(true))}>
          {messages.older}
        </button>
      )}
      {open && (
        <ReportDialog entry={open} {...(previous && { previous })} onClose={() => setOpen(undefined)} />
      )}
    </section>
  )
}

/** Returns the newest entry of each report. */
function latestOf(entries: readonly Entry[]): readonly Entry[] {
  const seen = new Set<string>()
  return entries.filter(({ reportId }) => !seen.has(reportId) && seen.add(reportId))
}

/** A bar for each report, oldest first: its height is the size, its colour what became of it. */
function Bars({ latest }: { readonly latest: readonly Entry[] }) {
  const { messages, format } = useSurroundings()
  const shown = latest.slice(0, 30).toReversed()
  const most = Math.max(...shown.map(({ size }) => size), 1)
  const counts = Map.groupBy(shown, ({ outcome }) => outcome)
  const words = [...counts].map(
    ([outcome, { length }]) => `${format.number(length)} ${messages.outcomes[outcome] ?? outcome}`,
  )
  return (
    <svg
      class="bars"
      viewBox={`0 0 ${30 * 12} 34`}
      preserveAspectRatio="none"
      role="img"
      aria-label={messages.summary(words)}
    >
      {shown.map(({ reportId, outcome, size }, index) => {
        const height = 6 + (size / most) * 28
        return (
          <rect
            key={reportId}
            class={outcome}
            x={index * 12}
            y={34 - height}
            width={9}
            height={height}
            rx={2}
          />
        )
      })}
    </svg>
  )
}

/** Says what became of a report; the reason only where it is more than the consent that it was sent under. */
function becameOf(
  { outcome, reason }: Pick<Entry, 'outcome' | 'reason'>,
  messages: Messages,
  format: Format,
): string {
  const word = messages.outcomes[outcome] ?? outcome
  return reason === '' || outcome === 'sent' || outcome === 'queued'
    ? word
    : `${word}, ${format.times(reason)}`
}
