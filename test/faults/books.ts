import { LANES, PARTS } from './product.ts'

/** How many steps a life may have. */
export const MAX_STEPS = 8

/** Lives that share a series; each has digits of its own. 24 digits of base 4 are exact in a double. */
const LIVES_PER_LANE = 3

/** How many lives the books have room for. */
export const MAX_LIVES = LANES * LIVES_PER_LANE

/** What a host adds in one step: to both parts of a series. */
export interface Step {
  readonly lane: string
  readonly amount: number
}

/** What one process has counted, as whoever told it to knows. */
export interface LifeBook {
  /** The next step is about to be counted. From here on it may arrive. */
  begin(): Step
  readonly steps: number
  /** The first so many steps were written down or sent, so the host was told: from here on they must arrive. */
  confirm(steps: number): void
  /** What was written down is gone, by somebody's hand: the steps so far may be lost, each for itself. */
  waive(): void
}

/** What became of the steps. Of all but `begun`, `certain` and `late` there must be none. */
export interface Judgement {
  readonly begun: number
  /** Steps that had to arrive. */
  readonly certain: number
  /** Steps that did not have to arrive, and did. */
  readonly late: number
  /** Steps that had to arrive, and did not. */
  readonly lost: number
  /** Steps that have arrived more than once, and amounts that nobody has counted. */
  readonly doubled: number
  /** Steps of which a part has arrived, or that have arrived without those before them. */
  readonly torn: number
}

/** What has arrived in each series, `lane/part`, in all. */
export type Arrived = ReadonlyMap<string, number>

export interface Books {
  /** @param inTurn whether a step can only be there with those before it. Not where each is counted by another thread. Default: true */
  open(inTurn?: boolean): LifeBook
  judge(arrived: Arrived): Judgement
}

/**
 * Double-entry books of a run: they are kept outside of the hosts, which are killed. Each step counts a power of four of its own,
 * so that the sum that arrives says of each step how often it is in it: a digit of 1 is right, 0 is lost, 2 and 3 are doubled.
 */
export function createBooks(): Books {
  const lives: Array<{ begun: number; certain: number; waived: number; inTurn: boolean }> = []

  return {
    open(inTurn = true) {
      const number = lives.length
      if (number >= MAX_LIVES) throw new Error(`The books have room for ${MAX_LIVES} lives.`)
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
