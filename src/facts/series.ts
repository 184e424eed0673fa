import type { Dimensions } from '../catalog/index.ts'

/** The attributes of one measurement, as a host hands them in: trusted for nothing. */
export type MeasurementAttributes = Readonly<Record<string, unknown>> | undefined

/**
 * Gives each combination of a fact's declared dimension values its place in a plain array, so that counting is an
 * addition and the number of series is known when the catalog is.
 */
export interface Series {
  /** How many combinations there are; 1 for a fact without dimensions. */
  readonly size: number
  /**
   * The place of a combination; -1 where a declared dimension lacks a declared value.
   * Attributes that are not declared are not part of it: {@link Series.hasUndeclared} tells of them.
   */
  indexOf(attributes: MeasurementAttributes): number
  /** Whether the overflow word is part of a place, so that several attribute sets of the host may fall on it. */
  isOverflow(index: number): boolean
  /** Whether the attributes hold a key that the fact does not declare. */
  hasUndeclared(attributes: MeasurementAttributes): boolean
  /** The combination at a place, keys in the order of the declaration. */
  attributesAt(index: number): Readonly<Record<string, string>>
}

/** The word that catches every value that is not in a dimension's list, where the list has it. */
const OVERFLOW = 'other'

interface Dimension {
  readonly key: string
  readonly values: readonly string[]
  readonly places: ReadonlyMap<string, number>
  /** The place of the overflow word; -1 where the list has none. */
  readonly overflow: number
}

export function createSeries(by: Dimensions | undefined): Series {
  if (by === undefined) {
    return {
      size: 1,
      indexOf: () => 0,
      isOverflow: () => false,
      hasUndeclared: (attributes) => {
        for (const _ in attributes) return true
        return false
      },
      attributesAt: () => ({}),
    }
  }

  const dimensions: readonly Dimension[] = Object.entries(by).map(([key, values]) => ({
    key,
    values,
    places: new Map(values.map((value, place) => [value, place])),
    overflow: values.indexOf(OVERFLOW),
  }))
  const size = dimensions.reduce((product, { values }) => product * values.length, 1)

  const attributesAt = (index: number) => {
    const parts: Array<[string, string]> = []
    let rest = index
    for (const { key, values } of dimensions.toReversed()) {
      parts.push([key, values[rest % values.length] as string])
      rest = Math.floor(rest / values.length)
    }
    return Object.fromEntries(parts.reverse())
  }

  return {
    size,
    indexOf(attributes) {
      let index = 0
      for (const { key, values, places, overflow } of dimensions) {
        const value = attributes?.[key]
        const place = places.get(typeof value === 'string' ? value : String(value)) ?? overflow
        if (place < 0) return -1
        index = index * values.length + place
      }
      return index
    },
    hasUndeclared(attributes) {
      let keys = 0
      for (const _ in attributes) keys++
      return keys > dimensions.length
    },
    isOverflow: (index) => Object.values(attributesAt(index)).includes(OVERFLOW),
    attributesAt,
  }
}
