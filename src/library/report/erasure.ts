/**
 * Erasure: a person wants the installation forgotten, here and at the receiver.
 *
 * The receiver is asked by one request for each id. Where consent lets reports leave, it goes their way, and waits in the outbox.
 * Otherwise the person's wish is what it needs: it is tried once, at once, and nothing else leaves. Only a no from outside of the
 * product keeps it back, as nobody can overrule that from within; then what is needed to ask is kept for the next time.
 */

import { errorOf } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { removeCounts } from '../counts/log.ts'
import {
  type Delivery,
  type DeliveryResult,
  distinct,
  type Erasable,
  type ErasureSteps,
  keepErasables,
  type Outcome,
  readErasables,
} from '../delivery/index.ts'
import type { Ledger } from '../ledger/index.ts'
import { installationIn, isErasureRequest } from '../otlp/index.ts'
import type { Composer } from './composer.ts'

export interface ErasureResult extends DeliveryResult {
  /** Why something is left here; absent where nothing is. */
  readonly failure?: Error
}

export interface ErasureOptions {
  /** `unwritten`: the names of the entries of which the store has not what was written last. Default: it has all. */
  readonly state: StateStore & { unwritten?(): readonly string[] }
  readonly delivery: Delivery
  readonly composer: Composer
  readonly readVerdict: () => Promise<Verdict>
  readonly maySend: (verdict: Verdict) => boolean
}

type ErasureRequest = ReturnType<Composer['makeErasureRequest']>

interface Context extends ErasureOptions {
  readonly steps: ErasureSteps
}

/**
 * Erases an installation, here and at the receiver, apart from all that is made or sent.
 *
 * @param by is named in the answer, and written down nowhere: who asked is nobody's business any more.
 */
export const eraseInstallation = (options: ErasureOptions, by: string): Promise<ErasureResult> =>
  options.delivery.exclusively((steps) => erase({ ...options, steps }, by))

async function erase(context: Context, by: string): Promise<ErasureResult> {
  const { state, readVerdict, maySend, composer, steps } = context
  const { record } = steps
  const verdict = await readVerdict()
  const ids = await erasableIds(context)
  // Before anything is deleted: a process that ends in the middle of it leaves what is needed to ask.
  const kept = await keepErasables(state, ids).then(
    () => [],
    (error) => [errorOf(error)],
  )
  const failures = [...kept, ...(await deleteAll(context))]
  const refused = (why: string): Outcome => ({
    outcome: 'suppressed',
    reason: `${by} requested erasure; nothing was sent to the receiver, ${why}`,
  })
  const requests = (ids.length > 0 ? ids : [undefined]).map((one) =>
    composer.makeErasureRequest(one?.id, verdict),
  )
  const [request] = requests.slice(-1) as [ErasureRequest]
  let left: readonly Erasable[] = []
  let result: Outcome

  if (ids.length === 0) {
    result = refused('because no installation id exists')
    await record('suppressed', request.reportId, `${WANTED}: there was no id`, request.bytes)
  } else if (verdict.state === 'disabled' && verdict.locked) {
    result = refused(`because of ${verdict.because}. ${ids.map(said).join(' ')} Remove that and ask again`)
    left = ids
    await record('suppressed', request.reportId, `${WANTED}: ${verdict.because}`, request.bytes)
  } else if (maySend(verdict)) {
    for (const one of requests) {
      await steps.accept(one)
      await record('queued', one.reportId, WANTED, one.bytes)
    }
    result = await outcomeOf(request, context)
  } else {
    const answers = await askAtOnce(context, requests)
    left = ids.filter((_, index) => answers[index]?.outcome !== 'sent')
    const failed = answers.find(({ outcome }) => outcome !== 'sent')
    result = failed
      ? {
          ...failed,
          reason: `${by} requested erasure, but the receiver could not be asked: ${failed.reason}. ${left.map(said).join(' ')} Ask again`,
        }
      : { outcome: 'sent', reason: `${by} requested erasure` }
  }
  await keepErasables(state, left).catch((error) => failures.push(errorOf(error)))
  const [failure] = failures
  return { ...result, ...request, ...(failure && { failure }) }
}

/** Sends what waits, and returns what became of the request in it. */
async function outcomeOf({ reportId }: ErasureRequest, { steps, readVerdict }: Context): Promise<Outcome> {
  const outcome = (await steps.send()).get(reportId)
  if (outcome) return outcome
  const { disabledBy, because } = await readVerdict()
  return disabledBy === 'person'
    ? { outcome: 'discarded', reason: because }
    : { outcome: 'queued', reason: 'it waits to be sent' }
}

const WANTED = 'erasure was requested'

const said = ({ id, until }: Erasable) =>
  `Reports were sent under the id ${id}${until === undefined ? '' : ` until ${until}`}; the receiver keeps them until it is asked.`

/** One attempt for each, whatever waits: somebody is waiting for it. */
async function askAtOnce({ steps }: Context, requests: readonly ErasureRequest[]): Promise<Outcome[]> {
  const answers: Outcome[] = []
  for (const { reportId, bytes } of requests) {
    const answer = await steps.sendAlone(bytes)
    answers.push(answer)
    await steps.record(answer.outcome, reportId, `${WANTED}; ${answer.reason}`, bytes)
  }
  return answers
}

/**
 * The ids that the receiver may have reports under: the one of now, or, where a no has deleted it, the last one that the log has.
 * With them what could not be asked for yet. In a copy of a state directory they are another installation's.
 */
async function erasableIds({ state, composer, delivery, steps }: Context): Promise<readonly Erasable[]> {
  const { installation } = composer
  const waiting = (await steps.waiting()).filter(isErasureRequest).map(installationIn)
  const before = [...(await readErasables(state)), ...waiting.flatMap((id) => (id ? [{ id }] : []))]
  const id = await installation.stored()
  const last = (await installation.isCopy()) ? undefined : await lastSent(delivery.ledger, id)
  return distinct([...before, ...(id === undefined ? [] : [{ id }]), ...(last ? [last] : [])])
}

/** The newest report that has left, or may have: under this id, or under any where there is none now. */
async function lastSent(ledger: Ledger, id: string | undefined): Promise<Erasable | undefined> {
  try {
    for await (const { at, outcome, bytes } of ledger.entries({ newestFirst: true })) {
      const found = outcome === 'sent' || outcome === 'queued' ? installationIn(bytes) : undefined
      if (found !== undefined) return id === undefined || found === id ? { id: found, until: at } : undefined
    }
  } catch {
    // What cannot be read cannot be asked for.
  }
  return undefined
}

/** What failed; nothing where all is gone. One step that fails keeps no other from being done. */
async function deleteAll({ state, composer, delivery, steps }: Context): Promise<Error[]> {
  const failures: Error[] = []
  const deletions = [
    () => composer.installation.forget(),
    steps.clear,
    () => removeCounts(state),
    () => delivery.ledger.clear(),
  ]
  for (const step of deletions) await step().catch((error) => failures.push(errorOf(error)))
  const left = state.unwritten?.().find((name) => name.startsWith(LEDGER))
  if (left !== undefined) failures.push(new Error(`${left} is still there`))
  return failures
}

const LEDGER = ENTRIES.ledgerSegments
