import { useEffect, useId, useState } from 'preact/hooks'
import { type Preview, seenIn } from '../client.ts'
import { rowsOf } from '../rows.ts'
import { receiverOf } from '../sentence.ts'
import { useSurroundings } from './context.ts'
import { FactTable } from './fact-table.tsx'

/**
 * Switch with the levels. Choosing one shows first what it means: what would be sent at that level, and the legal note. Nothing changes
 * before it is confirmed.
 */
export function Switch() {
  const { known, messages, model, act } = useSurroundings()
  const { verdict } = known.status
  const { levels, you } = known.about
  const [chosen, setChosen] = useState<string>()
  const present = verdict.state === 'undecided' ? undefined : verdict.level
  const isFixed = verdict.locked || !you.write
  const nameOf = (level: string) =>
    level === 'off' ? messages.off : levels.length === 1 ? messages.on : messages.level(level)
  const group = useId()

  async function confirm(level: string): Promise<void> {
    const isStored = await act(async () => {
      await model.client.decide(level === 'off' ? 'disabled' : level, seenIn(verdict))
      return messages.choose.saved(nameOf(level))
    })
    if (isStored) setChosen(undefined)
  }

  return (
    <>
      <fieldset class="switch" disabled={isFixed}>
        <legend class="hidden">{messages.switch}</legend>
        {['off', ...levels].map((level) => (
          <label key={level}>
            <input
              type="radio"
              name={group}
              value={level}
              checked={(chosen ?? present) === level}
              onChange={() => setChosen(level === present ? undefined : level)}
            />
            <span>{nameOf(level)}</span>
          </label>
        ))}
      </fieldset>
      {isFixed && (
        <p class="note wide" data-part="fixed">
          {verdict.locked ? messages.locked(verdict.because) : messages.readOnly}
        </p>
      )}
      {chosen !== undefined && !isFixed && (
        <Consequences
          key={chosen}
          level={chosen}
          name={nameOf(chosen)}
          onConfirm={() => confirm(chosen)}
          onCancel={() => setChosen(undefined)}
        />
      )}
    </>
  )
}

/** Shows what a choice would mean, before it is made. */
function Consequences({
  level,
  name,
  onConfirm,
  onCancel,
}: {
  readonly level: string
  readonly name: string
  readonly onConfirm: () => Promise<void>
  readonly onCancel: () => void
}) {
  const { known, messages, model } = useSurroundings()
  const { about, status, facts } = known
  const [preview, setPreview] = useState<Preview>()
  useEffect(() => {
    if (level === 'off') return
    let isWanted = true
    model.client.preview(level).then(
      (found) => isWanted && setPreview(found),
      () => {},
    )
    return () => {
      isWanted = false
    }
  }, [level, known.readAt])
  const added = facts.filter((fact) => fact.level === level && about.levels.indexOf(level) > 0)
  return (
    <div class="note wide" data-part="consequences">
      {level === 'off' ? (
        <p>{messages.choose.off}</p>
      ) : (
        <>
          <p>{messages.choose.on(receiverOf(status), preview ? rowsOf(preview.facts, facts).length : 0)}</p>
          {added.length > 0 && <p>{messages.choose.adds(added.map((fact) => fact.name).join(', '))}</p>}
          {preview && <FactTable preview={preview} />}
          {about.legalNote !== undefined && <p data-part="legal-note">{about.legalNote}</p>}
        </>
      )}
      <p class="buttons">
        <button type="button" class="primary" onClick={() => void onConfirm()}>
          {messages.choose.save(name)}
        </button>
        <button type="button" onClick={onCancel}>
          {messages.choose.cancel}
        </button>
      </p>
    </div>
  )
}
