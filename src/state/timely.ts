import { askHost, type Clock } from '../host/index.ts'
import type { StateStore } from './types.ts'

/** How long a store may take for one step, in milliseconds: far longer than one that works. */
const LONGEST_STEP = 60_000

/**
 * A store over another that answers within a minute, if only to say that the other one does not: a network file system that hangs,
 * or a store of the host's whose promise never settles, must not end the schedule.
 */
export function createTimelyStore(store: StateStore, clock: Clock): StateStore {
  async function inTime<R>(step: () => Promise<R>): Promise<R> {
    const answer = await askHost(step, { clock, within: LONGEST_STEP })
    if ('value' in answer) return answer.value
    if (answer.failure === 'failed') throw answer.error
    const message = `${store.location} has not answered for ${LONGEST_STEP} ms.`
    throw Object.assign(new Error(message), { code: 'ETIMEDOUT' })
  }

  return {
    location: store.location,
    ...(store.shared !== undefined && { shared: store.shared }),
    read: (name) => inTime(() => store.read(name)),
    write: (name, data) => inTime(() => store.write(name, data)),
    create: (name, data) => inTime(() => store.create(name, data)),
    append: (name, line) => inTime(() => store.append(name, line)),
    remove: (name) => inTime(() => store.remove(name)),
    ...(store.rename && { rename: (from, to) => inTime(async () => store.rename?.(from, to)) }),
    list: (folder) => inTime(() => store.list(folder)),
  }
}
