/**
 * Returns the schema URL of a report (OpenTelemetry, Telemetry Schemas): it names the catalog and its version. `base` is the product's
 * own address, never an operator's: that would reveal the operator's gateway.
 */
export const schemaUrlOf = (base: string, product: string, catalogVersion: number): string =>
  `${base.replace(/\/+$/, '')}/schemas/${product}/${catalogVersion}`
