/**
 * Erasure of an installation, here and at the receiver, on a person's request.
 *
 * The receiver gets one erasure request for each id. If consent allows reports, the requests go through the outbox like reports.
 * Otherwise the person's request is the consent: each is sent once, immediately, and nothing else is sent. If telemetry is disabled
 * from outside the product (locked), no request is sent, and the ids are stored for the next attempt.
 */

import { errorOf, ownOf } from '../../platform/index.ts'
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
  /** Reason why some data could not be deleted here; absent if all is deleted. */
  readonly failure?: Error
}

export interface ErasureOptions {
  /** `unwritten` returns the names of entries with changes that have not reached the store. Default: none. */
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
 * Erases an installation, here and at the receiver, while no report is made or sent.
 *
 * @param by the person who asked, named in the result and stored nowhere
 */
export const eraseInstallation = (options: ErasureOptions, by: string): Promise<ErasureResult> =>
  options.delivery.exclusively((steps) => erase({ ...options, steps }, by))

async function erase(context: Context, by: string): Promise<ErasureResult> {
  const { state, readVerdict, maySend, composer, steps } = context
  const { record } = steps
  const verdict = await readVerdict()
  const ids = await erasableIds(context)
  // Store the ids before anything is deleted, so that a process that ends meanwhile leaves them for the next attempt.
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

/** Sends the outbox, and returns the outcome of the erasure request in it. */
async function outcomeOf({ reportId }: ErasureRequest, { steps, readVerdict }: Context): Promise<Outcome> {
  const outcome = (await steps.send()).get(reportId)
  if (outcome) return outcome
  const verdict = await readVerdict()
  return ownOf(verdict).disabledBy === 'person'
    ? { outcome: 'discarded', reason: verdict.because }
    : { outcome: 'queued', reason: 'it waits to be sent' }
}

const WANTED = 'erasure was requested'

const said = ({ id, until }: Erasable) =>
  `Reports were sent under the id ${id}${until === undefined ? '' : ` until ${until}`}; the receiver keeps them until it is asked.`

/** Sends each request once, immediately, without the reports that wait: a person waits for the result. */
async function askAtOnce({ steps }: Context, requests: readonly ErasureRequest[]): Promise<Outcome[]> {
  const answers: Outcome[] = []
  for (const request of requests) {
    const { reportId, bytes } = request
    const answer = await steps.sendAlone(request)
    answers.push(answer)
    await steps.record(answer.outcome, reportId, `${WANTED}; ${answer.reason}`, bytes)
  }
  return answers
}

/**
 * Returns the ids that the receiver may have reports of: the current id, or the last id in the log if the current one was deleted, and
 * the ids of erasure requests that were not sent yet. In a copied state directory the log belongs to another installation.
 */
async function erasableIds({ state, composer, delivery, steps }: Context): Promise<readonly Erasable[]> {
  const { installation } = composer
  const waiting = (await steps.waiting()).filter(isErasureRequest).map(installationIn)
  const before = [...(await readErasables(state)), ...waiting.flatMap((id) => (id ? [{ id }] : []))]
  const id = await installation.stored()
  const last = (await installation.isCopy()) ? undefined : await lastSent(delivery.ledger, id)
  return distinct([...before, ...(id === undefined ? [] : [{ id }]), ...(last ? [last] : [])])
}

/** Returns the id of the newest report that was, or may have been, sent: under this id, or under any id if there is none now. */
async function lastSent(ledger: Ledger, id: string | undefined): Promise<Erasable | undefined> {
  try {
    for await (const { at, outcome, bytes } of ledger.entries({ newestFirst: true })) {
      const found =
        bytes && ['sent', 'exported', 'queued'].includes(outcome) ? installationIn(bytes) : undefined
      if (found !== undefined) return id === undefined || found === id ? { id: found, until: at } : undefined
    }
  } catch {
    // Without a readable log there is no id to ask for.
  }
  return undefined
}

/** Deletes all data of the installation. Returns the failures; a step that fails does not prevent the others. */
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
