/**
 * The schema URL of a report (OpenTelemetry, Telemetry Schemas): which catalog, in which version, gives its names their meaning.
 * `base` is the product's own address, and never one that an operator has set: that would tell where the operator's gateway is.
 */
export const schemaUrlOf = (base: string, product: string, catalogVersion: number): string =>
  `${base.replace(/\/+$/, '')}/schemas/${product}/${catalogVersion}`
