/**
 * Starts a host with this library. `on`: enabled; `off`: disabled, and counting for the local log; `nothing`: disabled, collecting nothing.
 * `delivery`: a report is due; the value says who sends it. `versionCheck`: its options.
 */
export async function start({
  state,
  directory,
  endpoint = 'http://127.0.0.1:9',
  delivery,
  clock,
  versionCheck,
}) {
  const { createMemoryStore, createUsageTelemetry, defineCatalog } = await import('otel-usage')
  const common = { since: 1, why: 'Shows what matters.' }
  const catalog = defineCatalog({
    version: 1,
    prefix: 'acme',
    facts: {
      'acme.edition': {
        ...common,
        kind: 'attribute',
        type: 'enum',
        values: ['community', 'enterprise'],
        example: 'community',
      },
      'acme.users': { ...common, kind: 'gauge', unit: '{user}', round: 'log2', example: 64 },
      'acme.commands': {
        ...common,
        kind: 'count',
        unit: '{command}',
        by: { command: ['find', 'insert', 'update', 'delete'], result: ['ok', 'error'] },
      },
    },
  })
  const usage = createUsageTelemetry({
    product: { name: 'acme', version: '1.0.0' },
    catalog,
    endpoint,
    consent: {
      default: state === 'on' ? 'enabled' : 'disabled',
      whileDisabled: state === 'nothing' ? 'nothing' : 'log',
    },
    state: directory ?? createMemoryStore(),
    environment: {},
    ...(delivery && { delivery, schedule: { initialDelay: 0 } }),
    ...(clock && { clock }),
    ...(versionCheck && { versionCheck }),
  })
  await usage.start()
  return usage
}

export const report = (usage) => usage.report()

/** Waits until the report is stored and almost at the endpoint. */
export async function underWay(usage) {
  const { setTimeout } = await import('node:timers/promises')
  while (!(await usage.ledger.last('queued'))) await setTimeout(5)
  await setTimeout(30)
}

export const shutdown = (usage) => usage.shutdown()

export function callsOf(usage) {
  const counter = usage.counter('acme.commands')
  const bound = counter.bind({ command: 'find', result: 'ok' })
  const meter = usage.getMeter('acme')
  const instrument = meter.createCounter('acme.commands')
  const gauge = meter.createGauge('acme.users')
  const undeclared = meter.createCounter('acme.other')
  return {
    bound: () => bound.add(1),
    object: () => counter.add(1, { command: 'find', result: 'ok' }),
    api: () => instrument.add(1, { command: 'find', result: 'ok' }),
    undeclared: () => undeclared.add(1),
    gauge: () => gauge.record(17),
    set: () => usage.set('acme.edition', 'community'),
  }
}
