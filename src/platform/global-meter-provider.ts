/**
 * Returns the MeterProvider that a host has registered with OpenTelemetry; `undefined` if there is none. All copies of
 * `@opentelemetry/api` 1.x in a process share it under one global symbol, so no copy has to be loaded here.
 */
export function globalMeterProvider(): object | undefined {
  try {
    const api: unknown = Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1'))
    return (api as { readonly metrics?: object } | undefined)?.metrics
  } catch {
    return undefined
  }
}
