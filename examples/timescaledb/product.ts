import { defineProduct, type VersionCheckOptions } from 'otel-usage'
import { catalog } from './catalog.ts'

/** Read by the product and by the commands. Retention, readers and erasure are made up: the original's page says nothing about them. */
export const product = defineProduct({
  name: 'timescaledb',
  version: '2.24.0',
  title: 'TimescaleDB',
  homepage: 'https://docs.timescale.com/self-hosted/latest/configuration/telemetry/',
  catalog,
  endpoint: 'https://telemetry.timescale.com',
  consent: { default: 'enabled' },
  schedule: { firstPhase: { count: 12, interval: '1h' } },
  neverCollected: [
    'The content of tables, and their names',
    'The text of queries, and functions that people write themselves',
    'The messages of errors',
  ],
  receiver: {
    operator: 'Timescale',
    seenBy: 'the people who develop TimescaleDB',
    retention: '400 days',
    erasure: 'Write to Timescale, with the id of the installation.',
  },
})

/**
 * Each report is answered with the newest version, and without reports nobody learns of one. TimescaleDB writes it to its log, and the product decides
 * whether it is newer. For `createUsageTelemetry`, beside `product`.
 */
export const versionCheck = { mode: 'with-telemetry' } as const satisfies VersionCheckOptions
