import { useState } from 'preact/hooks'
import { rowsOf } from '../rows.ts'
import { useSurroundings } from './context.ts'
import { FactTable } from './fact-table.tsx'

/** The next report, as a table and as its exact bytes. */
export function NextReport() {
  const { known, messages, format, model, act } = useSurroundings()
  const { preview, facts, about, status } = known
  const [asBytes, setAsBytes] = useState(false)
  const { report } = preview
  return (
    <section class="card" data-part="next-report">
      <div class="head">
        <h2>{messages.nextReport(status.verdict.state !== 'disabled')}</h2>
        {report && (
          <span class="buttons">
            <span class="soft small">
              {messages.factsAndSize(rowsOf(preview.facts, facts).length, format.size(report.size))}
            </span>
            <button type="button" aria-pressed={asBytes} onClick={() => setAsBytes(!asBytes)}>
              {asBytes ? messages.table : messages.bytes}
            </button>
            {about.you.write && (
              <button
                type="button"
                onClick={() =>
                  void act(async () => {
                    const { outcome, reason } = await model.client.makeReport()
                    return messages.made(`${messages.outcomes[outcome] ?? outcome}. ${format.times(reason)}`)
                  })
                }
              >
                {messages.makeNow}
              </button>
            )}
          </span>
        )}
      </div>
      {asBytes && report ? <Bytes text={report.text} /> : <FactTable preview={preview} course />}
      {about.neverCollected.length > 0 && (
        <p class="soft small">
          {messages.never} {about.neverCollected.join('; ')}.
        </p>
      )}
    </section>
  )
}

/** Bytes of a report, as they are. */
export const Bytes = ({ text }: { readonly text: string }) => (
  <section
    class="bytes"
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    tabIndex={0}
    aria-label="JSON"
  >
    {text}
  </section>
)
