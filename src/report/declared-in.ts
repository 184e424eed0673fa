import { type AttributeValue, type Catalog, factNameOf } from '../catalog/index.ts'

interface OtlpAttribute {
  readonly key: string
  readonly value: {
    readonly stringValue?: string
    readonly boolValue?: boolean
    readonly arrayValue?: { readonly values?: ReadonlyArray<{ readonly stringValue: string }> }
  }
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
      .map(({ key, value: { stringValue, boolValue, arrayValue } }) => [
        key,
        stringValue ?? boolValue ?? arrayValue?.values?.map((item) => item.stringValue) ?? null,
      ]),
  )
}
