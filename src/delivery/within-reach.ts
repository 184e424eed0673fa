import { type Catalog, factNameOf, type Moment, type Reach, withheldBy } from '../catalog/index.ts'

/** As much of a report as is looked at. */
interface ReportNames {
  readonly resourceMetrics: ReadonlyArray<{
    readonly resource: {
      readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: object }>
    }
    readonly scopeMetrics: ReadonlyArray<{ readonly metrics: ReadonlyArray<{ readonly name: string }> }>
  }>
}

/**
 * Whether a report that was made under an earlier consent holds only what the consent of now reaches. A level that was
 * lowered, or a fact that was withheld, also counts for what waits. Names that the catalog no longer has were agreed to.
 */
export function isWithinReach(
  names: readonly string[],
  catalog: Catalog,
  reach: Reach,
  moment: Moment,
): boolean {
  return names.every((attribute) => {
    const name = factNameOf(catalog, attribute)
    if (name === undefined) return true
    const reason = withheldBy(catalog, name, reach, moment)
    return reason === undefined || reason === 'expired'
  })
}

/** The names of the attributes that have a value, and of the metrics; `undefined` where the bytes are no report. */
export function namesIn(bytes: Uint8Array): readonly string[] | undefined {
  try {
    const { resourceMetrics } = JSON.parse(new TextDecoder().decode(bytes)) as ReportNames
    return resourceMetrics.flatMap(({ resource, scopeMetrics }) => [
      ...resource.attributes.filter(({ value }) => Object.keys(value).length > 0).map(({ key }) => key),
      ...scopeMetrics.flatMap(({ metrics }) => metrics.map(({ name }) => name)),
    ])
  } catch {
    return undefined
  }
}
