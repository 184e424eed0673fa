import { alternativesOf, type DimensionBlocks, type Dimensions } from '../../catalog/index.ts'

/** Attributes of a measurement, as the host gives them: not validated. */
export type MeasurementAttributes = Readonly<Record<string, unknown>> | undefined

/**
 * Array indices for all combinations of a fact's declared dimension values, so that counting is one addition and the catalog determines
 * the number of series.
 */
export interface Series {
  /** Number of combinations; 1 for a fact without dimensions. */
  readonly size: number
  /**
   * Returns the index of a combination; -1 if a declared dimension has no declared value. Ignores undeclared attributes;
   * {@link Series.hasUndeclared} finds them.
   */
  indexOf(attributes: MeasurementAttributes): number
  /** Returns `true` if the combination contains the overflow word, so that several attribute sets may have this index. */
  isOverflow(index: number): boolean
  /** Returns `true` if the attributes have a key that the fact does not declare. Ignores keys with the value `undefined`. */
  hasUndeclared(attributes: MeasurementAttributes): boolean
  /** Returns the combination at an index, keys in the order of the declaration. */
  attributesAt(index: number): Readonly<Record<string, string>>
}

/** Word that replaces every undeclared value of a dimension, if the dimension declares it. */
const OVERFLOW = 'other'

interface Dimension {
  readonly key: string
  readonly values: readonly string[]
  readonly indices: ReadonlyMap<string, number>
  /** Index of the overflow word; -1 if the dimension does not declare it. */
  readonly overflow: number
}

export function createSeries(by: DimensionBlocks | undefined): Series {
  if (by === undefined) return WITHOUT_DIMENSIONS
  const [block, ...others] = alternativesOf({ by }).map(createBlock)
  return others.length === 0 ? (block as Series) : createUnion([block as Series, ...others])
}

const WITHOUT_DIMENSIONS: Series = {
  size: 1,
  indexOf: () => 0,
  isOverflow: () => false,
  hasUndeclared: (attributes) => hasOtherKeys(attributes, {}, 0),
  attributesAt: () => ({}),
}

/** Creates the series of all combinations of the lists. */
function createBlock(by: Dimensions): Series {
  const dimensions: readonly Dimension[] = Object.entries(by).map(([key, values]) => ({
    key,
    values,
    indices: new Map(values.map((value, index) => [value, index])),
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
      for (const { key, values, indices, overflow } of dimensions) {
        const position = indices.get(textOf(attributes?.[key])) ?? overflow
        if (position < 0) return -1
        index = index * values.length + position
      }
      return index
    },
    hasUndeclared: (attributes) => hasOtherKeys(attributes, by, dimensions.length),
    isOverflow: (index) => hasOverflow(attributesAt(index)),
    attributesAt,
  }
}

/** Returns a value as text, for comparison with declared values. `undefined` matches none of them; `null` is a value (OpenTelemetry's `AnyValue`). */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined ? NO_VALUE : String(value)
}

/** Text that cannot be declared as a value. */
const NO_VALUE = ''

/**
 * Returns `true` if there are keys besides the `count` keys of `declared`. Iterates over objects only: a text has a key for each
 * character, and 10 MB of text would take seconds.
 */
function hasOtherKeys(attributes: MeasurementAttributes, declared: object, count: number): boolean {
  if (typeof attributes !== 'object') return attributes !== undefined
  let keys = 0
  for (const _ in attributes) if (++keys > count) return hasOtherOwnKeys(attributes, declared)
  return false
}

/** Compares the keys one by one, for attributes with too many keys: only own keys with a value count. */
function hasOtherOwnKeys(attributes: NonNullable<MeasurementAttributes>, declared: object): boolean {
  let keys = 0
  for (const key in attributes) {
    if (++keys > MAX_ATTRIBUTES) return true
    if (!Object.hasOwn(declared, key) && Object.hasOwn(attributes, key) && attributes[key] !== undefined)
      return true
  }
  return false
}

/** Largest number of keys that are compared: OpenTelemetry's default limit of attributes. */
const MAX_ATTRIBUTES = 128

/** Tree of indices: values of the first dimension, each with its values of the second, and so on. */
type IndexTree = Map<string, IndexTree | number>

/** Creates the series of several alternatives. An exact combination of any alternative comes first, then the first alternative with overflow words. */
function createUnion(blocks: readonly Series[]): Series {
  const offsets = blocks.map((_, at) => blocks.slice(0, at).reduce((sum, { size }) => sum + size, 0))
  const combinations = blocks.flatMap(({ size, attributesAt }) =>
    Array.from({ length: size }, (_, index) => attributesAt(index)),
  )
  const keys = Object.keys(combinations[0] ?? {})
  const tree = indexTreeOf(combinations)

  return {
    size: combinations.length,
    indexOf(attributes) {
      let found: IndexTree | number | undefined = tree
      for (const key of keys) {
        found = (found as IndexTree).get(textOf(attributes?.[key]))
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

function indexTreeOf(combinations: ReadonlyArray<Readonly<Record<string, string>>>): IndexTree {
  const tree: IndexTree = new Map()
  for (const [index, combination] of combinations.entries()) {
    const values = Object.values(combination)
    const last = values.pop() as string
    let level = tree
    for (const value of values) {
      const next = (level.get(value) as IndexTree | undefined) ?? new Map()
      level.set(value, next)
      level = next
    }
    level.set(last, index)
  }
  return tree
}

const hasOverflow = (combination: Readonly<Record<string, string>>) =>
  Object.values(combination).includes(OVERFLOW)
