import { defineCatalog } from 'otel-usage'

export const product = { name: 'acme-server', version: '1.0.0' }

export const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  levels: ['basic'],
  facts: {
    'acme.steps': {
      kind: 'count',
      unit: '{step}',
      level: 'basic',
      since: 1,
      why: 'Is to be the same as what was counted.',
    },
    'acme.pid': {
      kind: 'gauge',
      unit: '{pid}',
      level: 'basic',
      since: 1,
      why: 'Tells which process has made a report.',
      example: 1,
    },
  },
})
