import { ownContext } from '../../platform/index.ts'

interface Round {
  readonly subject: object
  readonly outer: Round | undefined
  readonly depth: number
  open: boolean
}

/** A source that makes a report, which asks it once more when it has had enough of waiting, would go on without end. */
const DEEPEST = 2

/**
 * Runs `ask`, unless it is called from within itself for the same subject: a source that makes a preview would be asked
 * by it again, without end and without letting anything else have its turn.
 */
export async function preventReentry(subject: object, ask: () => Promise<void>): Promise<void> {
  const outer = ownContext.getStore() as Round | undefined
  const depth = (outer?.depth ?? 0) + 1
  if (depth > DEEPEST || isWithin(outer, subject)) return
  const round: Round = { subject, outer: outer?.open ? outer : undefined, depth, open: true }
  await ownContext.run(round, ask)
  // What a source has started may outlive the round, and is no part of it then.
  round.open = false
}

function isWithin(round: Round | undefined, subject: object): boolean {
  if (!round) return false
  return (round.open && round.subject === subject) || isWithin(round.outer, subject)
}
