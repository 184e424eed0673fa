import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { RequestError, seenIn, type Verdict } from '../client.ts'
import { rowsOf } from '../rows.ts'
import { receiverOf } from '../sentence.ts'
import { Surroundings } from './context.ts'
import { FactTable } from './fact-table.tsx'
import { type PageProps, troubleText, useView } from './page.tsx'

/** Asks an administrator who has not decided. Shows what would be sent, and the product's legal note, before anything is chosen. */
export function Prompt({ model, messages, format, onClose }: PageProps & { readonly onClose: () => void }) {
  const { known } = useView(model)
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  const [said, say] = useState<string>()
  const [isDone, setIsDone] = useState(false)
  /** Verdict of when the question was asked: the prompt does not show what somebody else decides meanwhile. */
  const [seen, setSeen] = useState<Verdict>()
  const isReady = known !== undefined
  useEffect(() => {
    if (isReady) dialog.current?.showModal()
    setSeen(known?.status.verdict)
  }, [isReady])
  if (!known) return null
  const { status, about, preview, facts } = known
  const { verdict, product } = status

  async function decide(decision: string): Promise<void> {
    try {
      await model.client.decide(decision, seenIn(seen ?? verdict))
      setIsDone(true)
      say(messages.promptThanks)
    } catch (error) {
      say(troubleText(error, messages))
      // The message says what holds now.
      if (error instanceof RequestError && error.problem?.verdict) setSeen(error.problem.verdict)
      void model.load()
    }
  }

  const isFixed = verdict.locked || !about.you.write
  return (
    <Surroundings.Provider value={{ model, known, messages, format, act: async () => false }}>
      <dialog ref={dialog} aria-labelledby={heading} class="prompt" onClose={onClose}>
        <h2 id={heading}>{messages.promptHeading(product.title)}</h2>
        <p>{messages.promptBody(receiverOf(status))}</p>
        {about.neverCollected.length > 0 && (
          <p class="soft">
            {messages.never} {about.neverCollected.join('; ')}.
          </p>
        )}
        <details>
          <summary>
            {messages.promptLook}
            {preview.report &&
              ` (${messages.factsAndSize(rowsOf(preview.facts, facts).length, format.size(preview.report.size))})`}
          </summary>
          <FactTable preview={preview} />
        </details>
        {about.legalNote !== undefined && <p data-part="legal-note">{about.legalNote}</p>}
        {isFixed && (
          <p class="note">{verdict.locked ? messages.locked(verdict.because) : messages.readOnly}</p>
        )}
        <p aria-live="polite">{said}</p>
        <p class="buttons">
          {isDone || isFixed ? (
            <button type="button" onClick={onClose}>
              {messages.close}
            </button>
          ) : (
            <>
              <button type="button" class="primary" onClick={() => void decide('enabled')}>
                {messages.promptYes}
              </button>
              <button type="button" onClick={() => void decide('disabled')}>
                {messages.promptNo}
              </button>
              <button type="button" class="link" onClick={onClose}>
                {messages.promptLater}
              </button>
            </>
          )}
        </p>
      </dialog>
    </Surroundings.Provider>
  )
}
