/** Choices that a start stores by itself: the product's seed, and a decision of the environment that is to last. Few products have them. */
import { ownOf } from '../../platform/index.ts'
import type { Choosing } from './choosing.ts'
import type { CurrentVerdict } from './current-verdict.ts'
import type { ConsentOptions } from './options.ts'
import type { ConsentSource, Verdict } from './types.ts'
import { readDecision } from './words.ts'

/** Stores what there is to store. Resolves to `true` if it has stored anything. */
export async function keepAtStart(
  options: ConsentOptions,
  verdict: CurrentVerdict,
  choosing: Choosing,
): Promise<boolean> {
  const isPlanted = await plantSeed(verdict, choosing)
  const isKept = await keepSticky(options, verdict, choosing)
  return isPlanted || isKept
}

/** Stores the seed at the first start, so that a later seed changes nothing. Resolves to `true` if it was stored. */
async function plantSeed(verdict: CurrentVerdict, { add, choiceOf }: Choosing): Promise<boolean> {
  const { ignore, levels, seed, stored } = verdict.inputs()
  if (stored !== undefined || ignore?.includes('seed')) return false
  const reading = ownOf(readDecision(seed, levels))
  if (reading.state === 'undecided' || Object.hasOwn(reading, 'unreadable')) return false
  const level = 'level' in reading ? reading.level : undefined
  // Without being stored, the seed applies as long as the product passes the same one.
  return add({ ...choiceOf(reading.state, level, 'seed'), seed: true }).then(
    () => true,
    () => false,
  )
}

/** Stores a decision of the environment, if the product wants that. Resolves to `true` if it was stored. */
async function keepSticky(
  { sticky, warn = () => {} }: ConsentOptions,
  verdict: CurrentVerdict,
  { add, choiceOf, notStored }: Choosing,
): Promise<boolean> {
  const { state, level, because } = verdict.last()
  const { stored } = verdict.inputs()
  if (!sticky || !isLasting(verdict.last())) return false
  const isKept =
    stored && 'state' in stored && stored.state === state && (state === 'disabled' || stored.level === level)
  if (isKept) return false
  const choice = choiceOf(state, state === 'enabled' ? level : undefined, because)
  try {
    await add(choice)
    return true
  } catch (error) {
    warn(notStored(choice, error, `It applies only while ${because} does.`).message)
    return false
  }
}

/** Returns `true` if the environment has decided, and not only by a value that cannot be read. */
const isLasting = (verdict: Verdict): boolean =>
  STICKY.has(verdict.source) && ownOf(verdict).disabledBy !== 'circumstance'

/** Sources whose decisions are stored. The others only apply to this run. */
const STICKY: ReadonlySet<ConsentSource> = new Set([
  'do-not-track',
  'opt-out-variable',
  'otel-sdk-disabled',
  'executable-name',
  'variable',
  'flag',
  'locked-configuration',
])
