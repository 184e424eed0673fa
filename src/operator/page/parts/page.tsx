import { useEffect, useState } from 'preact/hooks'
import { RequestError } from '../client.ts'
import type { Format } from '../format.ts'
import type { Messages } from '../messages/messages.ts'
import type { Model, View } from '../model.ts'
import { AllFacts } from './all-facts.tsx'
import { Surroundings } from './context.ts'
import { Diagnostics } from './diagnostics.tsx'
import { NewFacts } from './new-facts.tsx'
import { NextReport } from './next-report.tsx'
import { Reports } from './reports.tsx'
import { Rights } from './rights.tsx'
import { State } from './state.tsx'
import { Version } from './version.tsx'

export interface PageProps {
  readonly model: Model
  readonly messages: Messages
  readonly format: Format
}

/** The whole page: state and switch, what waits for a decision, the next report, then history, version, rights and diagnostics. */
export function Page({ model, messages, format }: PageProps) {
  const { known, trouble } = useView(model)
  const [said, say] = useState<{ readonly text: string; readonly isTrouble: boolean }>()

  async function act(action: () => Promise<string | undefined>): Promise<boolean> {
    try {
      const text = await action()
      say(text === undefined ? undefined : { text, isTrouble: false })
      return true
    } catch (error) {
      say({ text: troubleText(error, messages), isTrouble: true })
      return false
    } finally {
      void model.load()
    }
  }

  if (!known)
    return (
      <main>
        <p class="soft">{trouble ? readTrouble(trouble, messages, undefined) : messages.loading}</p>
        {trouble && <Again model={model} messages={messages} />}
      </main>
    )
  return (
    <Surroundings.Provider value={{ model, known, messages, format, act }}>
      <main>
        {trouble && (
          <div class="note trouble" role="alert">
            <span>{readTrouble(trouble, messages, format.moment(known.readAt))}</span>
            <Again model={model} messages={messages} />
          </div>
        )}
        <div aria-live="polite">
          {said && <p class={said.isTrouble ? 'note trouble' : 'note'}>{said.text}</p>}
        </div>
        <State />
        <NewFacts />
        <NextReport />
        <div class="two">
          <Reports />
          <div>
            <Version />
            <Rights />
          </div>
        </div>
        <AllFacts />
        <Diagnostics />
      </main>
    </Surroundings.Provider>
  )
}

const Again = ({ model, messages }: Pick<PageProps, 'model' | 'messages'>) => (
  <button type="button" onClick={() => void model.load()}>
    {messages.readAgain}
  </button>
)

/** Follows a model while the component is there. */
export function useView(model: Model): View {
  const [view, setView] = useState(model.view)
  useEffect(() => {
    const unsubscribe = model.subscribe(() => setView(model.view()))
    const close = model.open()
    return () => {
      unsubscribe()
      close()
    }
  }, [model])
  return view
}

function readTrouble(
  { status, message }: RequestError,
  messages: Messages,
  readAt: string | undefined,
): string {
  if (status === 401) return messages.signedOut
  if (status === 0) return readAt === undefined ? messages.neverAnswered : messages.unreachable(readAt)
  return status === 403 ? message : messages.failed(message)
}

export function troubleText(error: unknown, messages: Messages): string {
  if (!(error instanceof RequestError)) return messages.failed(String(error))
  const isChanged = error.status === 409 && error.problem?.verdict !== undefined
  if (isChanged) return messages.changedMeanwhile(error.message)
  if (error.status === 401) return messages.signedOut
  return error.status === 0 ? messages.neverAnswered : messages.failed(error.message)
}
