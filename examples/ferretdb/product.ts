import { defineProduct, type VersionCheckOptions } from 'otel-usage'
import { catalog } from './catalog.ts'

/** Read by the product and by the commands. Retention, readers and erasure are made up: the original's page says nothing about them. */
export const product = defineProduct({
  name: 'ferretdb',
  version: '2.7.0',
  title: 'FerretDB',
  homepage: 'https://beacon.ferretdb.com',
  catalog,
  endpoint: 'https://beacon.ferretdb.com',
  consent: {
    default: 'undecided',
    // FerretDB's own order: its flag, which may be given as a variable, wins over what was saved at run time.
    overruleStoredNo: ['variable', 'flag'],
  },
  schedule: { initialDelay: '0s', undecidedDelay: '1h', finalReport: { within: '3s' }, delayFrom: 'start' },
  neverCollected: [
    'Documents, and the names of databases, collections and fields',
    'The values of the arguments of commands',
    'The messages of errors',
  ],
  receiver: {
    operator: 'FerretDB Inc.',
    seenBy: 'the people who develop FerretDB',
    retention: '400 days',
    erasure: 'Write to FerretDB, with the id of the installation.',
    origin: ['country', 'network'],
  },
})

/**
 * Each report is answered with the newest version, and without reports nobody learns of one. FerretDB's start-up warnings show it, and the product decides
 * whether it is newer. For `createUsageTelemetry`, beside `product`.
 */
export const versionCheck = { mode: 'with-telemetry' } as const satisfies VersionCheckOptions
