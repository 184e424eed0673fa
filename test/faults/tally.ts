import { LANES, PARTS } from './product.ts'

/** Largest number of steps of one process, a *life*. */
export const MAX_STEPS = 8

/** Number of lives that share a series; each has its own digits. 24 digits of base 4 are exact in a double. */
const LIVES_PER_LANE = 3

/** Largest number of lives in a tally. */
export const MAX_LIVES = LANES * LIVES_PER_LANE

/** Amount that a host adds in one step, to both parts of a series. */
export interface Step {
  readonly lane: string
  readonly amount: number
}

/** Steps of one process, as the test that orders them knows them. */
export interface LifeTally {
  /** Begins the next step, which may arrive from now on. */
  begin(): Step
  readonly steps: number
  /** Records that the host has stored or sent the first `steps` steps, which must arrive from now on. */
  confirm(steps: number): void
  /** Records that somebody has removed what the host has stored: each step so far may be lost. */
  waive(): void
}

/** Numbers of steps by their outcome. All but `begun`, `certain` and `late` must be 0. */
export interface Judgement {
  readonly begun: number
  /** Steps that had to arrive. */
  readonly certain: number
  /** Steps that did not have to arrive, and did. */
  readonly late: number
  /** Steps that had to arrive, and did not. */
  readonly lost: number
  /** Steps that have arrived more than once, and amounts that no host has counted. */
  readonly doubled: number
  /** Steps of which a part has arrived, or that have arrived without those before them. */
  readonly torn: number
}

/** Sum that has arrived in each series, by `lane/part`. */
export type Arrived = ReadonlyMap<string, number>

export interface Tally {
  /** @param inTurn `true` if a step can only arrive with those before it; `false` if each is counted by another thread. Default: `true` */
  open(inTurn?: boolean): LifeTally
  judge(arrived: Arrived): Judgement
}

/**
 * Creates the record of a run that the results are compared with. It is outside of the hosts, because they are killed. Each step counts
 * another power of four, so the sum that arrives says how often each step is in it: a digit of 1 is right, 0 is lost, 2 and 3 are doubled.
 */
export function createTally(): Tally {
  const lives: Array<{ begun: number; certain: number; waived: number; inTurn: boolean }> = []

  return {
    open(inTurn = true) {
      const number = lives.length
      if (number >= MAX_LIVES) throw new Error(`A tally has room for ${MAX_LIVES} lives.`)
      const life = { begun: 0, certain: 0, waived: 0, inTurn }
      lives.push(life)
      return {
        begin() {
          if (life.begun >= MAX_STEPS) throw new Error(`A life has ${MAX_STEPS} steps at most.`)
          return { lane: laneOf(number), amount: 4 ** (firstDigitOf(number) + life.begun++) }
        },
        get steps() {
          return life.begun
        },
        confirm(steps) {
          life.certain = Math.max(life.certain, steps)
        },
        waive() {
          life.waived = life.begun
        },
      }
    },

    judge(arrived) {
      const sums = { begun: 0, certain: 0, late: 0, lost: 0, doubled: 0, torn: 0 }
      for (const [number, { begun, certain, waived, inTurn }] of lives.entries()) {
        const [first, second] = PARTS.map((part) =>
          digits(arrived.get(`${laneOf(number)}/${part}`) ?? 0, firstDigitOf(number)),
        ) as [number[], number[]]
        sums.begun += begun
        sums.certain += Math.max(certain - waived, 0)
        for (let step = 0; step < MAX_STEPS; step++) {
          const [once, again] = [first[step] ?? 0, second[step] ?? 0]
          const isCertain = step >= waived && step < certain
          if (isCertain && (once === 0 || again === 0)) sums.lost++
          if (once > 1 || again > 1 || (step >= begun && once + again > 0)) sums.doubled++
          const isEarly = inTurn && once > 0 && step > waived && first[step - 1] === 0
          if (once !== again || isEarly) sums.torn++
          if (!isCertain && step < begun && once > 0) sums.late++
        }
      }
      return sums
    },
  }
}

const laneOf = (life: number) => `l${Math.floor(life / LIVES_PER_LANE)}`

const firstDigitOf = (life: number) => (life % LIVES_PER_LANE) * MAX_STEPS

const digits = (sum: number, first: number): number[] =>
  Array.from({ length: MAX_STEPS }, (_, step) => Math.floor(sum / 4 ** (first + step)) % 4)
