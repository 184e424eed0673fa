/** Spread of several measurements. */
export interface Figure {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Returns the spread of several measurements; `undefined` if there are none. */
export function spread(values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b)
  return {
    median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
  }
}

/** Measures one call of `run` in nanoseconds, warm: the spread over several batches. */
export function timed(run: () => void, calls: number, batches = 15): Figure {
  for (let call = 0; call < calls; call++) run()
  const batch = () => {
    const start = process.hrtime.bigint()
    for (let call = 0; call < calls; call++) run()
    return Number(process.hrtime.bigint() - start) / calls
  }
  return spread(Array.from({ length: batches }, batch))
}
