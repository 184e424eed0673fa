import { mapPairs } from './map.ts'
import { metadataEntries } from './metadata.ts'
import type { AttributeFact, Catalog } from './types.ts'
import { uuidsOf } from './uuids.ts'
import {
  type AttributeValue,
  attributeProblem,
  type DropReason,
  isUnknown,
  reportedAttribute,
} from './values.ts'

/** Value of an attribute fact as it is reported. For a metadata fact: its entries by key. */
export type FactValue = AttributeValue | Readonly<Record<string, string>>

/** Result of checking a value that the host gave for a fact. */
export interface AcceptedValue {
  /** Value to report; absent when every part was refused. Checking this value again returns the same value. */
  readonly value?: FactValue
  /** One reason for each part of the value that was refused. */
  readonly problems: readonly DropReason[]
}

/** Checks a value from the host, of any type, against an attribute fact. Never throws. */
export function acceptValue(fact: AttributeFact, value: unknown): AcceptedValue {
  if (isUnknown(fact, value)) return { value: value as AttributeValue, problems: [] }
  if (fact.type === 'metadata') return metadataEntries(fact, value)
  if (fact.type === 'uuids') return uuidsOf(fact, value)
  if (fact.type === 'map') return mapPairs(fact, value)
  const problem = attributeProblem(fact, value)
  return problem === undefined
    ? { value: reportedAttribute(fact, value as string | boolean), problems: [] }
    : { problems: [problem] }
}

/** Returns the resource attributes, by name, of a checked value. */
export function attributesOf(name: string, value: FactValue): Array<[string, AttributeValue]> {
  if (typeof value !== 'object' || value === null || isList(value)) return [[name, value]]
  return Object.entries(value).map(([key, text]) => [`${name}.${key}`, text])
}

/**
 * Returns the name of the fact that a resource attribute or a metric belongs to: the fact of the same name, or the metadata fact that
 * has the attribute as an entry. Returns `undefined` when no fact matches.
 */
export function factNameOf({ facts }: Catalog, name: string): string | undefined {
  if (Object.hasOwn(facts, name)) return name
  for (let end = name.lastIndexOf('.'); end > 0; end = name.lastIndexOf('.', end - 1)) {
    const start = name.slice(0, end)
    if (Object.hasOwn(facts, start) && isMetadata(facts[start])) return start
  }
  return undefined
}

/** Returns the values of the attribute facts in resource attributes, by the name of the fact. The inverse of {@link attributesOf}. */
export function valuesIn(
  catalog: Catalog,
  attributes: Readonly<Record<string, unknown>>,
): Map<string, unknown> {
  const values = new Map<string, unknown>()
  for (const [attribute, value] of Object.entries(attributes)) {
    const name = factNameOf(catalog, attribute)
    if (name === undefined) continue
    if (!isMetadata(catalog.facts[name])) values.set(name, value)
    else if (attribute !== name) {
      const key = attribute.slice(name.length + 1)
      values.set(name, { ...(values.get(name) as object | undefined), [key]: value })
    }
  }
  return values
}

const isMetadata = (fact: unknown) => (fact as AttributeFact | undefined)?.type === 'metadata'

/** `Array.isArray` does not narrow to a read-only array. */
const isList = (value: object): value is readonly string[] => Array.isArray(value)
