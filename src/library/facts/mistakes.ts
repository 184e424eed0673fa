import { DROP_REASONS, type DropReason } from '../../catalog/index.ts'

/** Values of one name that were dropped for one reason. Stays in this process: a report has the numbers by reason only. */
export interface DroppedValues {
  /** Name of the fact or instrument, as the host wrote it; at most 128 characters. */
  readonly name: string
  readonly reason: DropReason
  /** Number of times in this process, previews included. */
  readonly count: number
}

/** Dropped values by name, for the developer of the host. */
export interface Mistakes {
  /** Notes a value. Calls the listener for the first one of a name and a reason. Never throws. */
  note(reason: DropReason, name: unknown): void
  /** Returns the dropped values, in the order of the reasons. */
  list(): readonly DroppedValues[]
}

/** Largest number of names for each reason: names may come from data. */
const MAX_NAMES = 100

const MAX_NAME_LENGTH = 128

/** @param tell called once for each name and reason. Must not throw. */
export function createMistakes(tell: (first: Omit<DroppedValues, 'count'>) => void = () => {}): Mistakes {
  const names = new Map<DropReason, Map<string, number>>(DROP_REASONS.map((reason) => [reason, new Map()]))
  return {
    note(reason, given) {
      const name = typeof given === 'string' ? given.slice(0, MAX_NAME_LENGTH) : typeof given
      const counts = names.get(reason) as Map<string, number>
      const before = counts.get(name) ?? 0
      if (before === 0 && counts.size >= MAX_NAMES) return
      counts.set(name, before + 1)
      if (before === 0) tell({ name, reason })
    },
    list: () =>
      [...names].flatMap(([reason, counts]) => [...counts].map(([name, count]) => ({ name, reason, count }))),
  }
}
