import { defineProduct } from 'otel-usage'
import { catalog } from './catalog.ts'

/** Read by the product and by the commands. Retention, readers and erasure are made up: the original's page says nothing about them. */
export const product = defineProduct({
  name: 'eventstoredb',
  version: '26.0.0',
  title: 'EventStoreDB',
  homepage: 'https://kurrent.io/telemetry',
  environmentPrefix: 'KURRENTDB',
  legacyEnvironmentPrefixes: ['EVENTSTORE'],
  catalog,
  endpoint: 'https://kurrent.io/telemetry',
  consent: { default: 'enabled', optOutOnlyBy: 'environment' },
  schedule: { initialDelay: '1h', delayFrom: 'start' },
  neverCollected: [
    'Events, their metadata, and the names of streams',
    'Names and addresses of users and nodes',
    'The code of projections',
  ],
  receiver: {
    operator: 'Kurrent',
    seenBy: 'the people who develop the database',
    retention: '400 days',
    erasure: 'Write to Kurrent, with the id of the installation.',
  },
})
