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
import { removeCounts } from '../counts/index.ts'
import type { Installation } from '../identity/index.ts'
import type { Ledger, LedgerOutcome } from '../ledger/index.ts'
import { installationIn, isErasureRequest } from '../otlp/index.ts'
import { distinct, type Erasable, keepErasables, readErasables } from '../outbox/index.ts'
import type { DeliveryResult } from './result.ts'
import type { Sending } from './sending.ts'

export interface ErasureResult extends DeliveryResult {
  /** Why something is left here; absent where nothing is. */
  readonly failure?: Error
}

/** A request to be forgotten, ready to be sent. */
export type ErasureRequest = Pick<DeliveryResult, 'reportId' | 'at' | 'bytes'>

export interface ErasureOptions {
  /** `unwritten`: the names of the entries of which the store has not what was written last. Default: it has all. */
  readonly state: StateStore & { unwritten?(): readonly string[] }
  readonly consent: () => Verdict | Promise<Verdict>
  readonly maySend: (verdict: Verdict) => boolean
  readonly installation: Installation
  readonly ledger: Ledger
  readonly sending: Sending
  /** Makes a request for an id, or one that names none. */
  readonly compose: (id: string | undefined, verdict: Verdict) => ErasureRequest
  readonly record: (
    outcome: LedgerOutcome,
    reportId: string,
    reason: string,
    bytes: Uint8Array,
  ) => Promise<void>
  /** Sends what waits, and tells what became of one report in it. */
  readonly sendWaiting: (reportId: string) => Promise<Pick<DeliveryResult, 'outcome' | 'reason'>>
}

type Outcome = Pick<DeliveryResult, 'outcome' | 'reason'>

/** @param by is named in the answer, and written down nowhere: who asked is nobody's business any more. */
export async function eraseInstallation(options: ErasureOptions, by: string): Promise<ErasureResult> {
  const { state, consent, maySend, compose, record } = options
  const verdict = await consent()
  const ids = await erasableIds(options)
  // Before anything is deleted: a process that ends in the middle of it leaves what is needed to ask.
  const kept = await keepErasables(state, ids).then(
    () => [],
    (error) => [errorOf(error)],
  )
  const failures = [...kept, ...(await deleteAll(options))]
  const about = `${by} had the installation forgotten`
  const refused = (why: string): Outcome => ({
    outcome: 'suppressed',
    reason: `${about}, and nobody is asked to: ${why}`,
  })
  const requests = (ids.length > 0 ? ids : [undefined]).map((one) => compose(one?.id, verdict))
  const [request] = requests.slice(-1) as [ErasureRequest]
  let left: readonly Erasable[] = []
  let result: Outcome

  if (ids.length === 0) {
    result = refused('there was no id that anybody could know')
    await record('suppressed', request.reportId, `${WANTED}: there was no id`, request.bytes)
  } else if (verdict.state === 'disabled' && verdict.locked) {
    result = refused(`${verdict.because}. ${ids.map(said).join(' ')} Remove that and ask again`)
    left = ids
    await record('suppressed', request.reportId, `${WANTED}: ${verdict.because}`, request.bytes)
  } else if (maySend(verdict)) {
    for (const one of requests) {
      await options.sending.accept(one)
      await record('queued', one.reportId, WANTED, one.bytes)
    }
    result = await options.sendWaiting(request.reportId)
  } else {
    const answers = await askAtOnce(options, requests)
    left = ids.filter((_, place) => answers[place]?.outcome !== 'sent')
    const failed = answers.find(({ outcome }) => outcome !== 'sent')
    result = failed
      ? {
          ...failed,
          reason: `${about}, but the receiver was not: ${failed.reason}. ${left.map(said).join(' ')} Ask again`,
        }
      : { outcome: 'sent', reason: about }
  }
  await keepErasables(state, left).catch((error) => failures.push(errorOf(error)))
  const [failure] = failures
  return { ...result, ...request, ...(failure && { failure }) }
}

const WANTED = 'the installation was to be forgotten'

const said = ({ id, until }: Erasable) =>
  `Reports were sent under the id ${id}${until === undefined ? '' : ` until ${until}`}; the receiver keeps them until it is asked.`

/** One attempt for each, whatever waits: somebody is waiting for it. */
async function askAtOnce(
  { sending, record }: ErasureOptions,
  requests: readonly ErasureRequest[],
): Promise<Outcome[]> {
  const answers: Outcome[] = []
  for (const { reportId, bytes } of requests) {
    const answer = await sending.sendAlone(bytes)
    answers.push(answer)
    await record(answer.outcome, reportId, `${WANTED}; ${answer.reason}`, bytes)
  }
  return answers
}

/**
 * The ids that the receiver may have reports under: the one of now, or, where a no has deleted it, the last one that the log has.
 * With them what could not be asked for yet. In a copy of a state directory they are another installation's.
 */
async function erasableIds({
  state,
  installation,
  ledger,
  sending,
}: ErasureOptions): Promise<readonly Erasable[]> {
  const waiting = (await sending.waiting()).filter(isErasureRequest).map(installationIn)
  const before = [...(await readErasables(state)), ...waiting.flatMap((id) => (id ? [{ id }] : []))]
  const id = await installation.stored()
  const last = (await installation.isCopy()) ? undefined : await lastSent(ledger, id)
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
async function deleteAll({ state, sending, installation, ledger }: ErasureOptions): Promise<Error[]> {
  const failures: Error[] = []
  const steps = [() => installation.forget(), sending.clear, () => removeCounts(state), () => ledger.clear()]
  for (const step of steps) await step().catch((error) => failures.push(errorOf(error)))
  const left = state.unwritten?.().find((name) => name.startsWith(LEDGER))
  if (left !== undefined) failures.push(new Error(`${left} is still there`))
  return failures
}

const LEDGER = ENTRIES.ledgerSegments
