/**
 * Declares of Observable Plot as much as the charts use. Its own types need those of a browser, and do not hold under `exactOptionalPropertyTypes`;
 * tsconfig.json puts these in their place.
 */

/** A constant, the name of a field, or a function of a datum. */
type Channel<D> = string | number | ((datum: D) => unknown)

interface Mark {
  readonly marks?: readonly Mark[]
}

interface MarkOptions<D> {
  readonly [channel: string]: Channel<D> | readonly string[] | boolean | null | undefined
}

export interface PlotOptions {
  readonly document?: unknown
  readonly width: number
  readonly height: number
  readonly marginLeft?: number
  readonly marginRight?: number
  readonly marginTop?: number
  readonly marginBottom?: number
  readonly padding?: number
  readonly x?: object
  readonly y?: object
  readonly color?: object
  readonly marks: readonly Mark[]
}

export function plot(options: PlotOptions): unknown
export function axisY<D>(options: MarkOptions<D>): Mark
export function gridY<D>(options: MarkOptions<D>): Mark
export function barX<D>(data: readonly D[], options: MarkOptions<D>): Mark
export function barY<D>(data: readonly D[], options: MarkOptions<D>): Mark
export function areaY<D>(data: readonly D[], options: MarkOptions<D>): Mark
export function lineY<D>(data: readonly D[], options: MarkOptions<D>): Mark
export function cell<D>(data: readonly D[], options: MarkOptions<D>): Mark
export function dot<D>(data: readonly D[], options: MarkOptions<D>): Mark
export function text<D>(data: readonly D[], options: MarkOptions<D>): Mark
export function ruleX<D>(data: readonly D[], options: MarkOptions<D>): Mark
export function ruleY<D>(data: readonly D[], options: MarkOptions<D>): Mark
