import { useState } from 'preact/hooks'
import { useSurroundings } from './context.ts'
import { Code } from './text.tsx'

/** Why the state is as it is, where things lie, and what went wrong; with a button that copies it for support. */
export function Diagnostics() {
  const { known, messages, format } = useSurroundings()
  const { status, choices } = known
  const { verdict, state, ledger, installation, dropped } = status
  const problems = [...state.problems, ...verdict.warnings]
  return (
    <section class="card" id="diagnostics" data-part="diagnostics" tabIndex={-1}>
      <div class="head">
        <h2>{messages.diagnostics}</h2>
        <Copy />
      </div>
      <table class="opinions">
        <thead>
          <tr>
            <th scope="col">{messages.source}</th>
            <th scope="col">{messages.says}</th>
            <th scope="col">{messages.why}</th>
          </tr>
        </thead>
        <tbody>
          {verdict.opinions.map(({ source, name, value, state: says, level, won, why }) => (
            <tr key={`${source}${name}`}>
              <th scope="row">
                <Code>
                  {format.times(
                    value === undefined
                      ? name
                      : `${name}${/^[A-Z0-9_]+$|^-/.test(name) ? '=' : ': '}${value}`,
                  )}
                </Code>
              </th>
              <td>
                {messages.consentStates[says] ?? says}
                {level !== undefined && `, ${level}`}
              </td>
              <td class="soft">{won ? <b>{messages.decides}</b> : format.times(why)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <dl>
        <div>
          <dt>{messages.files}</dt>
          <dd>
            <Code>{state.location}</Code>
          </dd>
        </div>
        {ledger && (
          <div>
            <dt>{messages.log}</dt>
            <dd>
              <Code>{ledger.location}</Code>
            </dd>
          </div>
        )}
        <div>
          <dt>{messages.installation}</dt>
          <dd>{installation?.id === undefined ? messages.noInstallation : <Code>{installation.id}</Code>}</dd>
        </div>
        {problems.length > 0 && (
          <div>
            <dt>{messages.problems}</dt>
            <dd>
              {problems.map((problem) => (
                <p key={problem}>{problem}</p>
              ))}
            </dd>
          </div>
        )}
        {dropped.length > 0 && (
          <div>
            <dt>{messages.droppedValues}</dt>
            <dd>
              {dropped.map(({ name, reason, count }) => (
                <p key={`${name}${reason}`}>
                  <Code>{name}</Code> {reason}, {format.number(count)} ×
                </p>
              ))}
            </dd>
          </div>
        )}
        {choices.length > 0 && (
          <div>
            <dt>{messages.choices}</dt>
            <dd>
              {choices.slice(0, 20).map(({ at, state: chosen, level, by }) => (
                <p key={at}>
                  {format.moment(at)} {messages.choice(chosen, level, by)}
                </p>
              ))}
            </dd>
          </div>
        )}
      </dl>
    </section>
  )
}

/** Copies the status, without the id of the installation unless somebody ticks it. */
function Copy() {
  const { known, messages, act } = useSurroundings()
  const [withId, setWithId] = useState(false)
  const copy = () => {
    const { installation, ...status } = known.status
    const copied = withId
      ? known.status
      : { ...status, installation: installation && { created: installation.createdAt } }
    return act(async () => {
      await navigator.clipboard.writeText(JSON.stringify(copied, undefined, 2))
      return messages.copied
    })
  }
  return (
    <span class="buttons">
      <label class="small">
        <input type="checkbox" checked={withId} onChange={() => setWithId(!withId)} /> {messages.copyWithId}
      </label>
      <button type="button" onClick={() => void copy()}>
        {messages.copy}
      </button>
    </span>
  )
}
