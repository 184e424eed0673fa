/** The same with the standard exporter, to show that the trap is real: `node standard-exporter.ts ENDPOINT`. */
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'

const exporter = new OTLPMetricExporter({ url: `${process.argv[2]}/v1/metrics` })
const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] })
provider.getMeter('acme').createGauge('acme.users').record(1)
await provider.shutdown()
