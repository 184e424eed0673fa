/** Host that uses the OpenTelemetry SDK directly. `off` is the API without a registered SDK, which does nothing. */
export async function start({ state }) {
  const { metrics } = await import('@opentelemetry/api')
  if (state === 'off') return metrics
  const { MeterProvider, PeriodicExportingMetricReader } = await import('@opentelemetry/sdk-metrics')
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-http')
  const exporter = new OTLPMetricExporter({ url: 'http://127.0.0.1:9/v1/metrics' })
  return new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] })
}

export function callsOf(provider) {
  const counter = provider.getMeter('acme').createCounter('acme.commands')
  return { count: () => counter.add(1, { command: 'find', result: 'ok' }) }
}
