import { tellHost } from '../../platform/index.ts'
import type { ConsentListener } from '../consent/index.ts'
import type { TellEvent, UsageEvents } from '../delivery/index.ts'

/** Listeners of the host. They outlive a start that is refused. */
export interface Listeners {
  readonly change: Set<ConsentListener>
  /** Adds a listener, and returns a function that removes it. Does nothing for an event that does not exist. */
  on<E extends keyof UsageEvents>(event: E, listener: (event: UsageEvents[E]) => void): () => void
  readonly tell: TellEvent
}

export function createListeners(): Listeners {
  const events = new Map<string, Set<(event: never) => void>>([
    ['report', new Set()],
    ['sending', new Set()],
  ])
  return {
    change: new Set(),
    on(event, listener) {
      events.get(event)?.add(listener)
      return () => void events.get(event)?.delete(listener)
    },
    tell(event, make) {
      for (const listener of [...(events.get(event) ?? [])]) tellHost(() => listener(make() as never))
    },
  }
}
