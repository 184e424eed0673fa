import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { type Figure, spread } from './figure.ts'

/** Programs whose cost above a bare Node.js is measured, each in fresh processes. */
const PROGRAMS = {
  'otel-usage, import and start': `
    const { createMemoryStore, createUsageTelemetry, defineCatalog } = await import('otel-usage')
    const catalog = defineCatalog({ version: 1, prefix: 'acme', facts: {
      'acme.runs': { kind: 'count', unit: '{run}', since: 1, why: 'Shows whether it is used.' } } })
    const usage = createUsageTelemetry({ product: { name: 'acme', version: '1.0.0' }, catalog,
      endpoint: 'http://127.0.0.1:9', state: createMemoryStore(), environment: {} })
    await usage.start()`,
  'OpenTelemetry SDK with the OTLP exporter, import and start': `
    const { MeterProvider, PeriodicExportingMetricReader } = await import('@opentelemetry/sdk-metrics')
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-http')
    new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })] })`,
} as const

const RUNS = 15
const root = path.resolve(import.meta.dirname, '..')

/** Milliseconds and megabytes above a bare Node.js, medians of fresh processes that take turns. */
export async function measureStart(): Promise<Figure[]> {
  const runs = Array.from({ length: RUNS }, () => ({
    bare: runProgram(''),
    programs: Object.values(PROGRAMS).map(runProgram),
  }))
  const figures = Object.keys(PROGRAMS).flatMap((what, index) => {
    const above = (key: 'time' | 'memory') =>
      spread(runs.map(({ bare, programs }) => programs[index]![key] - bare[key]))
    return [
      { what, unit: 'ms', ...above('time') },
      { what: `${what}, memory`, unit: 'MB', ...above('memory') },
    ]
  })
  return figures.map((figure, index) => {
    const peer = figures[(index % 2) + 2] as Figure
    const ratio = (figure.median / peer.median).toPrecision(2)
    return {
      ...figure,
      ratio,
      ...(index === 0 && { budget: '<= 10 ms' }),
      ...(index === 1 && { budget: '<= 4 MB' }),
    }
  })
}

/** Measured inside of the process, so that what Node.js itself needs to come up is not part of it. */
function runProgram(program: string): { time: number; memory: number } {
  const script = `
    const started = performance.now()
    ${program}
    const time = performance.now() - started
    console.log(JSON.stringify({ time, memory: process.memoryUsage.rss() / 1e6 }))
    process.exit()`
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: root,
      encoding: 'utf8',
    }),
  )
}
