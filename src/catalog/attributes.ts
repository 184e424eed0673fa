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

/** A value of an attribute fact as it is reported: of a metadata fact, its entries by key. */
export type FactValue = AttributeValue | Readonly<Record<string, string>>

/** What a fact takes of a value. */
export interface TakenValue {
  /** Absent where nothing is left of it. Taking it once more changes nothing. */
  readonly value?: FactValue
  /** Why parts of it, or all of it, were not taken: one for each part. */
  readonly problems: readonly DropReason[]
}

/** What an attribute fact takes of whatever the host hands in. Never throws. */
export function takenValue(fact: AttributeFact, value: unknown): TakenValue {
  if (isUnknown(fact, value)) return { value: value as AttributeValue, problems: [] }
  if (fact.type === 'metadata') return metadataEntries(fact, value)
  if (fact.type === 'uuids') return uuidsOf(fact, value)
  const problem = attributeProblem(fact, value)
  return problem === undefined
    ? { value: reportedAttribute(fact, value as string | boolean), problems: [] }
    : { problems: [problem] }
}

/** The resource attributes that a taken value becomes. */
export function attributesOf(name: string, value: FactValue): Array<[string, AttributeValue]> {
  if (typeof value !== 'object' || value === null || isList(value)) return [[name, value]]
  return Object.entries(value).map(([key, text]) => [`${name}.${key}`, text])
}

/** The fact that a resource attribute or a metric belongs to: the one of that name, or the metadata fact that it is an entry of. */
export function factNameOf({ facts }: Catalog, name: string): string | undefined {
  if (Object.hasOwn(facts, name)) return name
  for (let end = name.lastIndexOf('.'); end > 0; end = name.lastIndexOf('.', end - 1)) {
    const start = name.slice(0, end)
    if (Object.hasOwn(facts, start) && isMetadata(facts[start])) return start
  }
  return undefined
}

/** The values of the attribute facts among resource attributes, by the name of the fact: {@link attributesOf}, the other way round. */
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

/** `Array.isArray` does not narrow to a list that is read only. */
const isList = (value: object): value is readonly string[] => Array.isArray(value)
