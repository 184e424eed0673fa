/** Knowledge of the page: read from the product, and read again when something has happened there. */
import {
  type About,
  type Choice,
  type Client,
  type Entry,
  type Fact,
  type Following,
  type Preview,
  RequestError,
  type Series,
  type Status,
} from './client.ts'

export interface Known {
  readonly about: About
  readonly status: Status
  readonly preview: Preview
  readonly facts: readonly Fact[]
  readonly series: Series
  readonly entries: readonly Entry[]
  /** Cursor of older entries; absent if there are none. */
  readonly older?: string
  readonly choices: readonly Choice[]
  /** Time when this was read, in milliseconds since 1970. */
  readonly readAt: number
}

export interface View {
  /** Absent until the product has answered for the first time. */
  readonly known?: Known
  /** Trouble of the last attempt to read; absent while all is well. */
  readonly trouble?: RequestError
}

export interface Model {
  readonly client: Client
  view(): View
  /** Reads everything. Never rejects. */
  load(): Promise<void>
  /** Reads the next, older page of the log. */
  loadOlder(): Promise<void>
  subscribe(listener: () => void): () => void
  /** Reads now, follows what happens at the product, and returns a function that ends it. */
  open(): () => void
}

export function createModel(client: Client): Model {
  let view: View = {}
  let loading: Promise<void> | undefined
  let isStale = false
  let following: Following | undefined
  const listeners = new Set<() => void>()

  function show(next: View): void {
    view = next
    for (const listener of listeners) listener()
  }

  async function read(): Promise<void> {
    try {
      const [about, status, preview, facts, series, page, choices] = await Promise.all([
        client.about(),
        client.status(),
        client.preview(),
        client.facts(),
        client.series(),
        client.reports(),
        client.history(),
      ])
      const { entries, next: older } = page
      show({
        known: {
          ...{ about, status, preview, facts, series, entries, choices, readAt: Date.now() },
          ...(older !== undefined && { older }),
        },
      })
      following?.renew()
    } catch (error) {
      show({ ...(view.known && { known: view.known }), trouble: errorOf(error) })
    }
  }

  /** Reads once more if something has happened while it was reading. */
  async function load(): Promise<void> {
    isStale = true
    loading ??= (async () => {
      while (isStale) {
        isStale = false
        await read()
      }
      loading = undefined
    })()
    return loading
  }

  return {
    client,
    view: () => view,
    load,
    async loadOlder() {
      const { known } = view
      if (known?.older === undefined) return
      try {
        const { entries, next } = await client.reports(known.older)
        const { older: _, ...rest } = known
        show({
          known: {
            ...rest,
            entries: [...known.entries, ...entries],
            ...(next !== undefined && { older: next }),
          },
        })
      } catch (error) {
        show({ known, trouble: errorOf(error) })
      }
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    open() {
      void load()
      following = client.follow(() => void load())
      return () => {
        following?.close()
        following = undefined
      }
    },
  }
}

const errorOf = (error: unknown): RequestError =>
  error instanceof RequestError ? error : new RequestError(String(error), 0)
