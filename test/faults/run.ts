import { type Fault, type PlayOptions, play, type Result } from './stage.ts'

/** All runs of one fault. */
export interface FaultRuns {
  readonly fault: Fault
  readonly runs: readonly Result[]
  /** Why it was not played. */
  readonly skipped?: string
}

export interface RunOptions extends PlayOptions {
  readonly faults: readonly Fault[]
  /** The seeds, one for each run of each fault. */
  readonly seeds: readonly number[]
  /** How many runs take place at a time. Most of a run is waiting. */
  readonly jobs: number
  readonly onRun?: (fault: Fault, result: Result) => void
}

/** Plays every fault with every seed. */
export async function playAll(options: RunOptions): Promise<FaultRuns[]> {
  const { faults, seeds, jobs, log, program, onRun } = options
  const all = faults.map((fault) => ({
    ...{ fault, runs: [] as Result[] },
    skipped: fault.impossible?.(),
  }))
  // By seed, so that runs that wait and runs that compute take turns.
  const queue = seeds.flatMap((seed) =>
    all.filter(({ skipped }) => !skipped).map((one) => ({ ...one, seed })),
  )
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const result = await play(next.fault, next.seed, { log, program })
      next.runs.push(result)
      onRun?.(next.fault, result)
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker))
  return all.map(({ fault, runs, skipped }) => ({ fault, runs, ...(skipped !== undefined && { skipped }) }))
}

/** What went wrong in a run, in a line; empty where nothing did. */
export function wrongs(result: Result): string[] {
  const { lost, doubled, torn, crashes, unhandled, complaints } = result
  const steps = Object.entries({ lost, doubled, torn }).flatMap(([what, number]) =>
    number > 0 ? [`${number} of ${result.begun} steps ${what}`] : [],
  )
  return [...steps, ...crashes, ...unhandled, ...complaints]
}
