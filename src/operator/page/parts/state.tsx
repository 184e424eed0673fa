import { useEffect, useState } from 'preact/hooks'
import { sentencesOf } from '../sentence.ts'
import { useSurroundings } from './context.ts'
import { Switch } from './switch.tsx'

/** The state in a sentence, the reason, the countdown, and the switch beside them. */
export function State() {
  const { known, messages, format } = useSurroundings()
  const { status, choices } = known
  const now = useNow()
  const { headline, more } = sentencesOf({ status, choices, now }, messages, format)
  return (
    <section class="state">
      <div>
        <p class="soft small">{messages.heading}</p>
        <h1>{headline}</h1>
        <p class="soft" data-part="reason">
          {more.join(' ')} <a href="#diagnostics">{messages.why}</a>
        </p>
      </div>
      <Switch />
    </section>
  )
}

/** Returns the time in milliseconds since 1970, which changes every 20 seconds. */
function useNow(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 20_000)
    return () => clearInterval(timer)
  }, [])
  return now
}
