import type { Period, Row } from './question.ts'

/** Answer to a question, with all that has to be known to read it. The form is stable: fields are added, and none changes. */
export interface Answer<R = Row> {
  /** Name of the question, such as `breakdown`. */
  readonly question: string
  readonly product: string
  readonly arguments: Readonly<Record<string, unknown>>
  readonly period: Period
  /** Number of installations that it rests on; `null` if they are fewer than `smallestGroup`, or not counted by this question. */
  readonly installations: number | null
  /** Filters in words. */
  readonly filters: readonly string[]
  /** Kinds of throw-away installations that are left out. */
  readonly leftOut: readonly string[]
  readonly smallestGroup: number
  /** Number of groups that are not shown because they are smaller than that. */
  readonly withheldGroups: number
  /** `true`: numbers of installations are rounded down to a multiple of `smallestGroup`, so that no small group follows from them. Always, unless that is 1. */
  readonly isRounded: boolean
  /** Facts of the answer, as the catalog declares them. Empty without a catalog. */
  readonly facts: readonly FactOfAnswer[]
  readonly source: {
    readonly table: string
    /** First day that the table has of the product. */
    readonly since: string | null
    /** Time of the last housekeeping that changed it: what came later is not in the answer. */
    readonly asOf: string | null
  }
  readonly notes: readonly string[]
  readonly rows: readonly R[]
}

/** Fact that an answer is about. */
export interface FactOfAnswer {
  readonly name: string
  /** Level of consent from which on it is reported: installations below it are not in its values. */
  readonly level: string | null
  readonly rounding: string | null
  /** Privacy parameter, if values are randomized before they are sent. */
  readonly epsilon: number | null
}

/** A query of an answer, as `--sql` prints it. */
export interface AskedQuery {
  readonly sql: string
  readonly parameters: Readonly<Record<string, unknown>>
}
