import { useSurroundings } from './context.ts'
import { Code, Link } from './text.tsx'

/** Every fact of this version, also those that are not reported now. */
export function AllFacts() {
  const { known, messages, format } = useSurroundings()
  const { facts } = known
  return (
    <details class="card" data-part="all-facts">
      <summary>
        <h2>{messages.allFacts}</h2> <span class="soft small">{format.number(facts.length)}</span>
      </summary>
      <ul class="plain">
        {facts.map(({ name, why, state, level, since, owner, expires, review }) => (
          <li key={name}>
            <Code>{name}</Code> <span class="tag">{messages.states[state] ?? state}</span>{' '}
            <span class="tag">{level}</span>
            <br />
            {why}{' '}
            <span class="soft small">
              {[
                messages.since(since),
                ...(owner === undefined ? [] : [messages.owner(owner)]),
                ...(expires === undefined ? [] : [messages.expires(expires)]),
              ].join(', ')}
              {review !== undefined && (
                <>
                  , <Link href={review}>{messages.review}</Link>
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </details>
  )
}
