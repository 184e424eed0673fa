import type { Arguments, Values } from './arguments.ts'
import type { Cell, Cells } from './cells.ts'
import type { Once } from './once.ts'
import type { Population } from './sets.ts'

/** Columns of an answer, by name: `text`, `day`, `count` (of installations or of events), `share` (0 to 1) or `number`. */
export type Columns = Readonly<Record<string, ColumnType>>
/** Type of the values in a column. */
export type ColumnType = 'text' | 'day' | 'count' | 'share' | 'number'

/** Row of an answer. A number that is withheld, or not known, is `null`. */
export type RowOf<C extends Columns> = {
  readonly [N in keyof C]: C[N] extends 'text' | 'day' ? string : number | null
}
/** Row of an answer whose columns are not known to the compiler. */
export type Row = Readonly<Record<string, string | number | null>>

/** Arguments and surroundings of a question. */
export interface Asking<A extends Arguments> {
  readonly values: Values<A>
  readonly period: Period
  readonly k: number
  /** Returns the values of a fact in the period, most frequent first: at most 1,000. */
  frequent(fact: string, limit?: number): Promise<string[]>
}

/** Arguments, surroundings and sets from which a question makes its query. */
export interface Making<A extends Arguments> extends Asking<A> {
  readonly population: Population
  /** Adds a query for sets that are read several times. */
  readonly once: Once
}

/** Days of a question, both included, as in `2026-03-01` (UTC). */
export interface Period {
  readonly from: string
  readonly until: string
  readonly days: number
}

/** A query's own part: what it selects, and its parameters beside those of the period, the product and the filters. */
export interface OwnQuery {
  /** Selects `part`, `a`, `b` and `n` as texts and a Float64. */
  readonly sql: string
  readonly parameters?: Readonly<Record<string, unknown>>
}

/**
 * Description of a question: its arguments, its query and the form of its answer. The typed function, the command, its help, the table,
 * JSON and CSV are derived from it.
 */
export interface Question<A extends Arguments = Arguments, C extends Columns = Columns> {
  /** Sentence for the help that says what is asked. */
  readonly description: string
  readonly arguments: A
  /** Names of arguments that follow the name of the question in a command; the others are options. Default: none. */
  readonly positional?: readonly (keyof A & string)[]
  readonly columns: C
  /** Length of the period where none is given, in days. */
  readonly days: number
  /**
   * Way of counting installations. `last`: each once, by its last report in the period. `days`: by its last report of each day. `none`:
   * the question takes no filters.
   */
  readonly counts: 'last' | 'days' | 'none'
  /** Multiple of the period that the query looks back. Default: 1. */
  readonly periods?: (values: Values<A>) => number
  readonly query: (making: Making<A>) => OwnQuery | Promise<OwnQuery>
  /** Derives cells before small groups are withheld. */
  readonly derive?: (cells: readonly Cell[], asking: Asking<A>) => readonly Cell[]
  /** Parts that are measures, and the part with the number of installations that each cell rests on. */
  readonly measures?: Readonly<Record<string, string>>
  /** Makes the rows of cells that may be shown. */
  readonly rows: (cells: Cells, asking: Asking<A>) => readonly RowOf<C>[]
  /** Facts whose rounding and randomization the answer names. */
  readonly facts: (values: Values<A>) => readonly string[]
  /** Limits of the answer, in sentences. Default: none. */
  readonly notes?: readonly string[]
}

/** Checks a description, and keeps its types. */
export const question = <A extends Arguments, const C extends Columns>(
  described: Question<A, C>,
): Question<A, C> => described

/** Share of a number in another one; `null` if one of them is not known. */
export const shareOf = (part: number | undefined, all: number | undefined): number | null =>
  part === undefined || !all ? null : part / all
