import {
  createMemoryStore,
  createUsageTelemetry,
  defineCatalog,
  type UsageTelemetryOptions,
} from '../../src/index.ts'

/** The catalog of the design's example. */
export const acmeCatalog = defineCatalog({
  version: 2,
  prefix: 'acme',
  levels: ['basic', 'full'],
  facts: {
    'acme.edition': {
      kind: 'attribute',
      type: 'enum',
      values: ['community', 'enterprise'],
      level: 'basic',
      since: 1,
      why: 'Shows which edition the work should go into.',
      example: 'community',
    },
    'acme.db.version': {
      kind: 'attribute',
      type: 'version',
      level: 'basic',
      since: 1,
      why: 'Shows which database versions must be supported.',
      example: '15.2',
    },
    'acme.users': {
      kind: 'gauge',
      unit: '{user}',
      round: 'log2',
      level: 'full',
      since: 1,
      why: 'Shows for how many users an installation must work.',
      example: 64,
    },
    'acme.commands': {
      kind: 'count',
      unit: '{command}',
      by: { command: ['find', 'insert'], result: ['ok', 'error'] },
      level: 'full',
      since: 2,
      why: 'Shows which commands matter.',
    },
  },
})

export type AcmeFacts = (typeof acmeCatalog)['facts']

/** An Acme DB that reports to nobody unless told to: no environment, state in memory, consent given by default. */
export function createAcme(options: Partial<UsageTelemetryOptions<AcmeFacts>> = {}) {
  return createUsageTelemetry({
    product: {
      name: 'acme-db',
      version: '2.4.0',
      title: 'Acme DB',
      homepage: 'https://acme.example/telemetry',
    },
    catalog: acmeCatalog,
    endpoint: 'http://127.0.0.1:9',
    consent: { default: 'enabled' },
    state: createMemoryStore(),
    environment: {},
    ...options,
  })
}
