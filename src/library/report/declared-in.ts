import { type AttributeValue, type Catalog, factNameOf } from '../../catalog/index.ts'

export interface OtlpAttribute {
  readonly key: string
  readonly value: {
    readonly stringValue?: string
    readonly boolValue?: boolean
    readonly arrayValue?: { readonly values?: ReadonlyArray<{ readonly stringValue: string }> }
  }
}

/** The value of an attribute fact as it was before it was OTLP; anything else stays as it is. */
export function attributeValueIn(value: OtlpAttribute['value']): unknown {
  const { stringValue, boolValue, arrayValue } = value
  const list = arrayValue?.values?.map((item) => item.stringValue)
  return stringValue ?? boolValue ?? list ?? (Object.keys(value).length === 0 ? null : value)
}

/** The attribute facts of a report, by name, as its receiver reads them. */
export function declaredIn(json: unknown, catalog: Catalog): Record<string, AttributeValue> {
  const { resourceMetrics } = json as {
    resourceMetrics: ReadonlyArray<{ resource: { attributes: readonly OtlpAttribute[] } }>
  }
  return Object.fromEntries(
    resourceMetrics
      .flatMap(({ resource }) => resource.attributes)
      .filter(({ key }) => factNameOf(catalog, key) !== undefined)
      .map(({ key, value }) => [key, attributeValueIn(value) as AttributeValue]),
  )
}
