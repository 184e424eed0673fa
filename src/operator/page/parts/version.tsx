import { shown } from '../../operations/index.ts'
import { useSurroundings } from './context.ts'
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
          {notice.message} {notice.url !== undefined && <Link href={notice.url}>{messages.read}</Link>}
        </p>
      ) : (
        <p>{messages.runs(product.version)}</p>
      )}
      {notice && notice.advisories.length > 0 && (
        <ul class="plain">
          {notice.advisories.map(({ id, severity, summary, fixedIn, url }) => (
            <li key={id}>
              <b>
                <Code>{id}</Code>
              </b>{' '}
              <span class="tag">{severity}</span> {summary}{' '}
              {fixedIn.length > 0 && messages.fixedIn(format.list(fixedIn))}{' '}
              {url !== undefined && (
                <Link href={url} label={`${messages.read} ${id}`}>
                  {messages.read}
                </Link>
              )}
            </li>
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
