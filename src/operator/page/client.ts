/** Client of the REST interface, for the page. */
import type { Answers, Decision } from '../admin/schemas.ts'

export type Status = Answers['Status']
export type Verdict = Answers['Verdict']
export type Preview = Answers['Preview']
export type Entry = Answers['Entry']
export type Report = Answers['Report']
export type Made = Answers['Made']
export type Choice = Answers['Choice']
export type About = Answers['About']
export type Fact = Answers['FactList']['facts'][number]
export type Series = Answers['Series']
export type Notice = NonNullable<NonNullable<Status['version']>['notice']>
export type Advisory = Notice['advisories'][number]
export type Comparison = Answers['Comparison']
/** File with reports, for somebody to carry to the receiver. */
export interface Exported {
  readonly name: string
  readonly content: Blob
  /** Command that hands it to the receiver. */
  readonly importCommand: string
}
type Problem = Answers['Problem']

/** Refusal of the interface, or a request that did not get an answer. */
export class RequestError extends Error {
  /** Status of the answer; 0 if there was none. */
  readonly status: number
  readonly problem: Problem | undefined

  constructor(message: string, status: number, problem?: Problem) {
    super(message)
    this.status = status
    this.problem = problem
  }
}

/** Returns what a decision names as seen, so that it does not overrule somebody else's. */
export const seenIn = ({ state, level, source, since }: Verdict): Decision['expected'] => ({
  ...{ state, level, source },
  ...(since !== undefined && { since }),
})

/** Time until a request counts as unanswered, in milliseconds. */
const MAX_TIME = 20_000

export interface Client {
  readonly base: string
  about(): Promise<About>
  status(): Promise<Status>
  /** Resolves to the report that would be made now; at another level, if one is given. */
  preview(level?: string): Promise<Preview>
  facts(): Promise<readonly Fact[]>
  series(): Promise<Series>
  reports(before?: string): Promise<Answers['Page']>
  report(reportId: string): Promise<Report>
  /** Compares a report with another one; by default with the next one. */
  compare(from: string, to?: string): Promise<Comparison>
  history(): Promise<readonly Choice[]>
  decide(decision: string, expected: Decision['expected']): Promise<Verdict>
  makeReport(): Promise<Made>
  export(): Promise<Exported>
  forget(): Promise<Made>
  /** Acknowledges an advisory until a time, ISO 8601. */
  acknowledge(id: string, until: string): Promise<void>
  /** Calls `changed` when something has happened at the product, or may have happened unheard. */
  follow(changed: () => void): Following
}

/** Stream of events of the product. */
export interface Following {
  /** Opens the stream again if it has ended for good: with the session, or while something else answered for the product. */
  renew(): void
  close(): void
}

/** @param base address of the interface, without a slash at its end */
export function createClient(base: string): Client {
  async function request(path: string, method = 'GET', body?: unknown): Promise<Response> {
    try {
      const answer = await fetch(`${base}${path}`, {
        method,
        signal: AbortSignal.timeout(MAX_TIME),
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      })
      if (answer.ok) return answer
      const problem = await answer.json().catch(() => undefined)
      throw new RequestError(problem?.detail ?? answer.statusText, answer.status, problem)
    } catch (error) {
      if (error instanceof RequestError) throw error
      throw new RequestError((error as Error).message, 0)
    }
  }
  const ask = async <A>(path: string, method?: string, body?: unknown): Promise<A> =>
    (await request(path, method, body)).json()
  const query = (values: Record<string, string | undefined>) => {
    const given = Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined)
    return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
  }
  return {
    base,
    about: () => ask('/about'),
    status: () => ask('/status'),
    preview: (level) => ask(`/preview${query({ level })}`),
    facts: async () => (await ask<Answers['FactList']>('/facts')).facts,
    series: () => ask('/series'),
    reports: (before) => ask(`/reports${query({ limit: '30', before })}`),
    report: (reportId) => ask(`/reports/${encodeURIComponent(reportId)}`),
    compare: (from, to) => ask(`/diff${query({ from, to })}`),
    history: async () => (await ask<Answers['History']>('/consent/history')).choices,
    decide: (decision, expected) => ask('/consent', 'PUT', { decision, expected }),
    makeReport: () => ask('/reports', 'POST', {}),
    async export() {
      const answer = await request('/export', 'POST', {})
      const [, name = 'usage.json'] =
        /filename="([\w.-]+)"/.exec(answer.headers.get('content-disposition') ?? '') ?? []
      const importCommand = answer.headers.get('usage-import') ?? ''
      return { name, importCommand, content: await answer.blob() }
    },
    forget: () => ask('/forget', 'POST', {}),
    async acknowledge(id, until) {
      await request('/version/acknowledgements', 'POST', { id, until })
    },
    follow(changed) {
      const open = () => {
        const opened = new EventSource(`${base}/events`)
        let wasReady = false
        opened.addEventListener('ready', () => {
          wasReady = true
        })
        // What happened before the stream was ready is in no event.
        for (const event of ['ready', 'consent', 'report', 'missed']) opened.addEventListener(event, changed)
        // The browser tries again by itself unless it is refused, which says of a stream that was ready that the session has ended.
        opened.addEventListener('error', () => {
          if (wasReady && opened.readyState === EventSource.CLOSED) changed()
        })
        return opened
      }
      let source = open()
      return {
        renew() {
          if (source.readyState === EventSource.CLOSED) source = open()
        },
        close: () => source.close(),
      }
    },
  }
}
