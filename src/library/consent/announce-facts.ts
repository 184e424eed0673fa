import { scopesOf, widenedFacts } from '../../catalog/index.ts'
import { ownOf } from '../../platform/index.ts'
import { readAnnounced, writeAnnounced } from './announced.ts'
import { type CurrentVerdict, lacksFacts } from './current-verdict.ts'
import type { ConsentOptions } from './options.ts'

/**
 * Stores the facts of this start's notice, so that the next start can name new facts. Resolves to the names of the facts that are new
 * since the last start and that the decision covers.
 */
export async function announceFacts(
  { definitions, store }: ConsentOptions,
  verdict: CurrentVerdict,
): Promise<readonly string[]> {
  const { known } = verdict
  const { source, state, unstored } = ownOf(verdict.last())
  const isChoice = ['stored-choice', 'seed'].includes(source) && !unstored
  const isStanding = !isChoice || known.history.current === undefined
  // A choice that was stored with its facts is compared with those instead.
  if (!definitions || state === 'disabled' || !(isStanding || lacksFacts(known.history.current))) return []
  const before = known.announced ?? (await readAnnounced(store))
  const now = definitions()
  const scopes = scopesOf(now)
  const isSame = before && JSON.stringify(before) === JSON.stringify(scopes)
  const newFacts = isStanding && before && !isSame ? widenedFacts(before, now, verdict.inputs().levels) : []
  // A choice without facts keeps covering the facts that it was first seen with.
  const stands = before && (lacksFacts(known.history.current) || isSame)
  if (!stands) await writeAnnounced(store, scopes)
  known.announced = stands ? before : scopes
  if (lacksFacts(known.history.current)) verdict.update()
  return newFacts
}
