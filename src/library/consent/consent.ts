import { createMutex, ownOf } from '../../platform/index.ts'
import { announceFacts } from './announce-facts.ts'
import type { UsageConsent } from './choice.ts'
import { createChoosing } from './choosing.ts'
import { createCurrentVerdict } from './current-verdict.ts'
import type { ConsentOptions } from './options.ts'
import { readHistory } from './stored-choice.ts'
import type { Verdict } from './types.ts'

/** {@link UsageConsent} with the functions that only the library calls. */
export interface Consent extends UsageConsent {
  /** Reads the stored choice, which another process may have changed, and resolves to the verdict. Never rejects, never writes. */
  read(): Promise<Verdict>
  /** Reads the stored choice as `read` does, and calls the listeners if the verdict has changed since their last call. */
  refresh(): Promise<Verdict>
  /** Decides again after facts were added or removed, without reading. Returns `undefined` before the first reading. */
  reconsider(): Verdict | undefined
  /** Reads the stored choice at the start of the product, and stores the seed and sticky decisions. */
  begin(): Promise<Verdict>
  /** Returns the names of the facts that are new since the last start and that the decision covers, as of this start. */
  unannounced(): readonly string[]
}

export function createConsent(given: ConsentOptions): Consent {
  const options = ownOf(given)
  const runExclusive = createMutex()
  const verdict = createCurrentVerdict(options)
  const choosing = createChoosing(options, verdict, runExclusive)
  let newFacts: readonly string[] = []

  async function begin(): Promise<Verdict> {
    // A start reads the store once, and again only after it has written.
    if (verdict.known.hasRead) verdict.update()
    else await verdict.refresh()
    if (options.sticky || options.inputs.seed !== undefined) {
      const { keepAtStart } = await import('./choices-at-start.ts')
      if (await keepAtStart(options, verdict, choosing)) await verdict.refresh()
    }
    newFacts = await announceFacts(options, verdict)
    return verdict.last()
  }

  return {
    // Before the first reading no listener has been called, and no choice is known.
    verdict: () => (verdict.known.hasRead ? verdict.last() : verdict.decide()),
    read: () => runExclusive(verdict.read),
    refresh: () => runExclusive(verdict.refresh),
    reconsider: () => (verdict.known.hasRead ? verdict.update() : undefined),
    begin: () => runExclusive(begin),
    set: choosing.set,
    unannounced: () => newFacts,
    history: async () => (await readHistory(options.store)).choices.map((choice) => ({ ...choice })),
    on: (_, listener) => verdict.on(listener),
  }
}
