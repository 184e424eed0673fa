/** Stream of events for a page that stays open: what was decided, and what became of reports. */
import { type Clock, TextEncoder } from '../../platform/index.ts'
import { Refusal } from './problem.ts'
import type { AdministeredTelemetry } from './types.ts'

/** Largest number of events that wait for a slow reader. One more, and all of them are replaced by one event `missed`. */
const MAX_WAITING = 100

/** Largest number of streams at a time. */
const MAX_STREAMS = 32

/** Time between two signs of life, in milliseconds: proxies close a connection that is silent for longer. */
const HEARTBEAT = 15_000

export interface EventStreams {
  /**
   * Opens a stream. `isPermitted` is asked at each sign of life, so that a stream ends with the session of its reader.
   *
   * @throws {Refusal} with the status 503 if too many are open
   */
  open(isPermitted: () => Promise<boolean>): ReadableStream<Uint8Array>
  /** Ends all streams. */
  close(): void
}

export function createEventStreams(usage: AdministeredTelemetry, clock: Clock): EventStreams {
  const streams = new Set<Stream>()
  let stopListening: (() => void) | undefined

  /** Listens while a stream is open, and not before: listeners cost a copy of each report. */
  function listen(): () => void {
    const send = (name: string, data: object) => {
      for (const stream of streams) stream.push(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
    }
    const removers = [
      usage.consent.on('change', ({ state, level, source, because, locked }) =>
        send('consent', { state, level, source, because, locked }),
      ),
      usage.on('report', ({ at, reportId, kind, outcome, reason, bytes }) =>
        send('report', { at, reportId, kind, outcome, reason, size: bytes.length }),
      ),
      usage.on('sending', ({ at, reportId, kind, bytes }) =>
        send('sending', { at, reportId, kind, size: bytes.length }),
      ),
    ]
    return () => {
      for (const remove of removers) remove()
    }
  }

  return {
    open(isPermitted) {
      if (streams.size >= MAX_STREAMS)
        throw new Refusal(
          'busy',
          `${MAX_STREAMS} pages are open and follow the events. Close one of them, or reload this one later.`,
          {},
          { 'retry-after': '60' },
        )
      const stream = createStream(clock, isPermitted, () => {
        streams.delete(stream)
        if (streams.size > 0) return
        stopListening?.()
        stopListening = undefined
      })
      streams.add(stream)
      stopListening ??= listen()
      stream.push(`retry: 5000\nevent: ready\ndata: {}\n\n`)
      return stream.readable
    },
    close() {
      for (const stream of streams) stream.end()
    },
  }
}

interface Stream {
  readonly readable: ReadableStream<Uint8Array>
  push(event: string): void
  end(): void
}

function createStream(clock: Clock, isPermitted: () => Promise<boolean>, ended: () => void): Stream {
  const encoder = new TextEncoder()
  let waiting: string[] = []
  let isOver = false
  let wake = () => {}
  let timer = clock.after(HEARTBEAT, beat)

  async function beat(): Promise<void> {
    if (!(await isPermitted())) return end()
    if (isOver) return
    if (waiting.length === 0) push(': alive\n\n')
    timer = clock.after(HEARTBEAT, () => void beat())
  }

  function push(event: string): void {
    if (isOver) return
    if (waiting.length >= MAX_WAITING) waiting = [MISSED]
    else waiting.push(event)
    wake()
  }

  function end(): void {
    if (isOver) return
    isOver = true
    timer.cancel()
    ended()
    wake()
  }

  const readable = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (waiting.length === 0 && !isOver) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        if (waiting.length > 0) controller.enqueue(encoder.encode(waiting.join('')))
        waiting = []
        if (isOver) controller.close()
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
  return { readable, push, end }
}

/** Event in place of those that a reader was too slow for: the page reads everything again. */
const MISSED = 'event: missed\ndata: {}\n\n'
