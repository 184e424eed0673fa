import { alternativesOf, type DimensionBlocks, type Dimensions } from '../../catalog/index.ts'

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
  /** Whether the attributes hold a key that the fact does not declare. One with the value `undefined` is not there. */
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

export function createSeries(by: DimensionBlocks | undefined): Series {
  if (by === undefined) return ONE_PLACE
  const [block, ...others] = alternativesOf({ by }).map(createBlock)
  return others.length === 0 ? (block as Series) : createUnion([block as Series, ...others])
}

const ONE_PLACE: Series = {
  size: 1,
  indexOf: () => 0,
  isOverflow: () => false,
  hasUndeclared: (attributes) => hasOtherKeys(attributes, {}, 0),
  attributesAt: () => ({}),
}

/** Every combination of the lists. */
function createBlock(by: Dimensions): Series {
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
        const place = places.get(textOf(attributes?.[key])) ?? overflow
        if (place < 0) return -1
        index = index * values.length + place
      }
      return index
    },
    hasUndeclared: (attributes) => hasOtherKeys(attributes, by, dimensions.length),
    isOverflow: (index) => hasOverflow(attributesAt(index)),
    attributesAt,
  }
}

/** A value as it may stand in a list of declared ones. `undefined` is none, whatever the list holds; `null` is a value (OpenTelemetry's `AnyValue`). */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined ? NO_VALUE : String(value)
}

/** No word that can be declared. */
const NO_VALUE = ''

/**
 * Whether there are other keys than those of `declared`, of which there are `count`. A text has a key for each of its characters, and
 * 10 MB of it would take seconds: only objects are gone through.
 */
function hasOtherKeys(attributes: MeasurementAttributes, declared: object, count: number): boolean {
  if (typeof attributes !== 'object') return attributes !== undefined
  let keys = 0
  for (const _ in attributes) if (++keys > count) return holdsOthers(attributes, declared)
  return false
}

/** The long way, for attributes that have too many keys: what counts is a value of their own. */
function holdsOthers(attributes: NonNullable<MeasurementAttributes>, declared: object): boolean {
  let keys = 0
  for (const key in attributes) {
    if (++keys > MAX_ATTRIBUTES) return true
    if (!Object.hasOwn(declared, key) && Object.hasOwn(attributes, key) && attributes[key] !== undefined)
      return true
  }
  return false
}

/** As many as OpenTelemetry lets attributes have by default. */
const MAX_ATTRIBUTES = 128

/** Values of the first dimension, each with those of the second that go with it, and so on; at the end the place. */
type Places = Map<string, Places | number>

/** Alternatives: an exact combination of any of them comes first, then the first one whose overflow words take it. */
function createUnion(blocks: readonly Series[]): Series {
  const offsets = blocks.map((_, at) => blocks.slice(0, at).reduce((sum, { size }) => sum + size, 0))
  const combinations = blocks.flatMap(({ size, attributesAt }) =>
    Array.from({ length: size }, (_, index) => attributesAt(index)),
  )
  const keys = Object.keys(combinations[0] ?? {})
  const places = placesOf(combinations)

  return {
    size: combinations.length,
    indexOf(attributes) {
      let found: Places | number | undefined = places
      for (const key of keys) {
        found = (found as Places).get(textOf(attributes?.[key]))
        if (found === undefined) break
      }
      if (typeof found === 'number') return found
      for (let at = 0; at < blocks.length; at++) {
        const index = (blocks[at] as Series).indexOf(attributes)
        if (index >= 0) return (offsets[at] as number) + index
      }
      return -1
    },
    hasUndeclared: (attributes) => (blocks[0] as Series).hasUndeclared(attributes),
    isOverflow: (index) => hasOverflow(combinations[index] ?? {}),
    attributesAt: (index) => combinations[index] ?? {},
  }
}

function placesOf(combinations: ReadonlyArray<Readonly<Record<string, string>>>): Places {
  const places: Places = new Map()
  for (const [index, combination] of combinations.entries()) {
    const values = Object.values(combination)
    const last = values.pop() as string
    let level = places
    for (const value of values) {
      const next = (level.get(value) as Places | undefined) ?? new Map()
      level.set(value, next)
      level = next
    }
    level.set(last, index)
  }
  return places
}

const hasOverflow = (combination: Readonly<Record<string, string>>) =>
  Object.values(combination).includes(OVERFLOW)
