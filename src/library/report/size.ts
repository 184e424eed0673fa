import { TextDecoder } from '../../platform/index.ts'

interface SizedReport {
  readonly resourceMetrics: ReadonlyArray<{
    readonly resource: { readonly attributes: ReadonlyArray<{ readonly key: string }> }
    readonly scopeMetrics: ReadonlyArray<{ readonly metrics: ReadonlyArray<{ readonly name: string }> }>
  }>
}

/** The names of the facts that take most of a report, the largest first. */
export function largestFacts(bytes: Uint8Array, count = 3): string[] {
  const { resourceMetrics } = JSON.parse(new TextDecoder().decode(bytes)) as SizedReport
  return resourceMetrics
    .flatMap(({ resource, scopeMetrics }) => [
      ...resource.attributes.map((attribute) => ({
        name: attribute.key,
        size: JSON.stringify(attribute).length,
      })),
      ...scopeMetrics.flatMap(({ metrics }) =>
        metrics.map((metric) => ({ name: metric.name, size: JSON.stringify(metric).length })),
      ),
    ])
    .sort((a, b) => b.size - a.size)
    .slice(0, count)
    .map(({ name }) => name)
}
