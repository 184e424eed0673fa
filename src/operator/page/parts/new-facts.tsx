import { seenIn } from '../client.ts'
import { useSurroundings } from './context.ts'
import { Code } from './text.tsx'

/** Facts that are newer than the consent: they wait until somebody accepts them. */
export function NewFacts() {
  const { known, messages, model, act } = useSurroundings()
  const { status, facts, about } = known
  const { verdict } = status
  const waiting = facts.filter(({ state }) => state === 'newer')
  if (waiting.length === 0 || verdict.state !== 'enabled') return null
  return (
    <section class="note" data-part="new-facts">
      <div>
        <p>
          <b>{messages.newFacts(waiting.length)}</b>
        </p>
        <ul>
          {waiting.map(({ name, why }) => (
            <li key={name}>
              <Code>{name}</Code> {why}
            </li>
          ))}
        </ul>
      </div>
      {about.you.write && !verdict.locked && (
        <button
          type="button"
          class="primary"
          onClick={() =>
            void act(async () => {
              await model.client.decide(verdict.level, seenIn(verdict))
              return messages.accepted
            })
          }
        >
          {messages.accept}
        </button>
      )}
    </section>
  )
}
