import { isPlainLine, isTime } from '../../feed/index.ts'
import { type Clock, Date, errorOf } from '../../platform/index.ts'
import { ENTRIES, NotStoredError, type StateStore } from '../../state/index.ts'
import { ConsentDecisionError, nameOfChooser } from '../consent/index.ts'
import type { KnownVersions } from './known.ts'
import { appendAcknowledgement } from './memory.ts'
import type { Acknowledgement } from './notice.ts'
import type { UsageVersion } from './types.ts'

/** Longest time of an acknowledgement, in milliseconds. */
const MAX_ACKNOWLEDGED = 366 * 86_400_000

/** Returns the function that acknowledges one advisory of the notice, as {@link UsageVersion} says. */
export function createAcknowledge(
  known: KnownVersions,
  { state, clock }: { readonly state: StateStore; readonly clock: Clock },
): UsageVersion['acknowledge'] {
  return async (id, choice) => {
    const by = nameOfChooser(choice)
    const until = untilOf(choice.until, clock.now())
    if (!isPlainLine(by, 128) || until === undefined)
      throw new ConsentDecisionError(
        until === undefined
          ? 'An advisory is acknowledged until a time in the next 366 days; pass { until } as a Date or as ISO 8601.'
          : 'The name of the person has characters that cannot be shown; pass { by } as one line of text.',
      )
    await known.look()
    if (!known.notice()?.advisories.some((advisory) => advisory.id === id))
      throw new ConsentDecisionError(
        `'${String(id).slice(0, 64)}' is not an advisory of the version notice; there is nothing to acknowledge.`,
      )
    const acknowledgement = { id, by, until }
    await store(state, new Date(clock.now()).toISOString(), acknowledgement)
    known.add(acknowledgement)
  }
}

function untilOf(until: unknown, now: number): string | undefined {
  const time = typeof until === 'string' && !isTime(until) ? Number.NaN : Number(new Date(until as string))
  return time > now && time - now <= MAX_ACKNOWLEDGED ? new Date(time).toISOString() : undefined
}

async function store(state: StateStore, at: string, acknowledgement: Acknowledgement): Promise<void> {
  const file = `${state.location}/${ENTRIES.versionAcknowledged}`
  await appendAcknowledgement(state, at, acknowledgement).catch((error) => {
    throw new NotStoredError(
      'choice',
      file,
      `The advisory ${acknowledgement.id} was not acknowledged: ${file} could not be written (${errorOf(error).message}). Make it ` +
        'writable and acknowledge the advisory again.',
      error,
    )
  })
}
