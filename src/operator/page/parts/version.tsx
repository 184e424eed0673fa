import { useState } from 'preact/hooks'
import { shown } from '../../operations/index.ts'
import type { Advisory, Notice } from '../client.ts'
import type { Format } from '../format.ts'
import type { Messages } from '../messages/messages.ts'
import { useSurroundings } from './context.ts'
import { Dialog } from './dialog.tsx'
import { Code, Link } from './text.tsx'

/** The version that runs, the newest one, and the advisories that affect it. Absent if the product has no such notice. */
export function Version() {
  const { known, messages, format } = useSurroundings()
  const { product, version } = known.status
  if (!version || version.mode === 'never') return null
  const { notice, checks, because, lastCheckAt } = version
  return (
    <section class="card" data-part="version">
      <h2>{messages.version}</h2>
      {notice ? (
        <p>
          <b>{messages.conditions[notice.condition]?.(shown(product.version)) ?? notice.condition}</b>{' '}
          {newerThan(notice, messages, format).join(' ')}{' '}
          {notice.announcement !== undefined && shown(notice.announcement)}{' '}
          {notice.url !== undefined && <Link href={notice.url}>{messages.read}</Link>}
        </p>
      ) : (
        <p>{messages.runs(product.version)}</p>
      )}
      {notice && notice.advisories.length > 0 && (
        <ul class="plain">
          {notice.advisories.map((advisory) => (
            <AdvisoryItem key={advisory.id} advisory={advisory} />
          ))}
        </ul>
      )}
      <p class="soft small">
        {checks === 'on' ? messages.checksOn : messages.checksOff(shown(because), checks === 'waiting')}{' '}
        {lastCheckAt !== undefined && messages.lastCheck(format.moment(lastCheckAt))}
      </p>
    </section>
  )
}

/** Returns sentences about the versions that are newer, and about the end of this one. */
function newerThan(
  { condition, latest, latestInLine, endOfLife }: Notice,
  messages: Messages,
  format: Format,
): string[] {
  const isNewer = latest !== undefined && condition !== 'current'
  return [
    ...(endOfLife === undefined ? [] : [messages.endOfLife(format.day(endOfLife))]),
    ...(isNewer ? [messages.newest(shown(latest))] : []),
    ...(isNewer && latestInLine !== undefined && latestInLine !== latest
      ? [messages.inLine(shown(latestInLine))]
      : []),
  ]
}

/** Returns a text of the product with the full stop that it may lack. */
const sentence = (text: string) => (/[.!?…。]$/.test(text) ? text : `${text}.`)

function AdvisoryItem({ advisory }: { readonly advisory: Advisory }) {
  const { known, messages, format } = useSurroundings()
  const [isOpen, setIsOpen] = useState(false)
  const { id, severity, summary, fixedIn, url, acknowledged } = advisory
  return (
    <li>
      <b>
        <Code>{id}</Code>
      </b>{' '}
      <span class="tag">{messages.severities[severity] ?? severity}</span>{' '}
      {summary !== undefined && sentence(shown(summary))}{' '}
      {fixedIn.length > 0 && messages.fixedIn(format.list(fixedIn))}{' '}
      {url !== undefined && (
        <Link href={url} label={`${messages.read} ${id}`}>
          {messages.read}
        </Link>
      )}
      {acknowledged && (
        <p class="soft small">
          {messages.acknowledged(shown(acknowledged.by), format.day(acknowledged.until))}
        </p>
      )}
      {known.about.you.write && (
        <p class="buttons">
          <button
            type="button"
            onClick={() => setIsOpen(true)}
            aria-label={`${acknowledged ? messages.changeDay : messages.acknowledge} ${shown(id)}`}
          >
            {acknowledged ? messages.changeDay : messages.acknowledge}
          </button>
        </p>
      )}
      {isOpen && <Acknowledge id={id} onClose={() => setIsOpen(false)} />}
    </li>
  )
}

/** Default and longest time of an acknowledgement, in days. The product takes 366 days, less what is left of the last one. */
const [USUAL, LONGEST] = [90, 365]

/** Asks until when an advisory is acknowledged. */
function Acknowledge({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const { messages, format, model, act } = useSurroundings()
  const [day, setDay] = useState(() => dayIn(USUAL))
  const store = async () => {
    // Until the end of the day, where the reader is.
    const until = new Date(`${day}T23:59:59`)
    await act(async () => {
      await model.client.acknowledge(id, until.toISOString())
      return messages.isAcknowledged(shown(id), format.day(until.getTime()))
    })
    onClose()
  }
  return (
    <Dialog title={messages.acknowledgeTitle(shown(id))} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void store()
        }}
      >
        <p>{messages.acknowledgeWhy}</p>
        <p class="buttons">
          <label>
            {messages.until}{' '}
            <input
              type="date"
              required
              value={day}
              min={dayIn(0)}
              max={dayIn(LONGEST)}
              onInput={(event) => setDay(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="primary">
            {messages.acknowledgeNow}
          </button>
        </p>
      </form>
    </Dialog>
  )
}

/** Returns the day in a number of days, as a field for dates has it. */
function dayIn(days: number): string {
  const date = new Date()
  date.setDate(date.getDate() + days)
  const [month, day] = [date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0'))
  return `${date.getFullYear()}-${month}-${day}`
}
