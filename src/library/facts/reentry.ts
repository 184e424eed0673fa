import { ownContext } from '../../platform/index.ts'

interface Round {
  readonly subject: object
  readonly outer: Round | undefined
  readonly depth: number
  open: boolean
}

/** Largest number of nested rounds. A source that makes a report after its time limit would otherwise be asked again without end. */
const MAX_DEPTH = 2

/**
 * Runs `ask`, unless it is called from within itself for the same subject: a source that makes a preview would be asked again by that
 * preview without end.
 */
export async function preventReentry(subject: object, ask: () => Promise<void>): Promise<void> {
  const outer = ownContext.getStore() as Round | undefined
  const depth = (outer?.depth ?? 0) + 1
  if (depth > MAX_DEPTH || isWithin(outer, subject)) return
  const round: Round = { subject, outer: outer?.open ? outer : undefined, depth, open: true }
  await ownContext.run(round, ask)
  // Work that a source has started may outlive the round, and is not part of it then.
  round.open = false
}

function isWithin(round: Round | undefined, subject: object): boolean {
  if (!round) return false
  return (round.open && round.subject === subject) || isWithin(round.outer, subject)
}
