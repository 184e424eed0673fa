import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createDirectoryStore, createUsageTelemetry, defineCatalog, type StateStore } from '../src/index.ts'
import { type ConsentInputs, decideConsent } from '../src/library/consent/index.ts'
import { timed } from './figure.ts'
import { type Budget, digits, missed, range, table, verdict } from './page.ts'

/** Consent with a value in every source. */
const EVERY_SOURCE: ConsentInputs = {
  prefix: 'ACME',
  legacyPrefixes: ['OLD_ACME'],
  environment: {
    DO_NOT_TRACK: '0',
    OTEL_SDK_DISABLED: 'false',
    ACME_TELEMETRY_OPTOUT: '0',
    OLD_ACME_TELEMETRY_OPTOUT: 'no',
    ACME_TELEMETRY_DEBUG: '',
    ACME_TELEMETRY: 'basic',
    ACME_TELEMETRY_EXCLUDE: 'acme.users',
  },
  levels: ['basic', 'full'],
  facts: ['acme.users', 'acme.commands', 'acme.edition'],
  default: 'undecided',
  executableName: '/usr/bin/acme',
  flag: 'on',
  configured: 'full',
  seed: 'on',
  stored: { state: 'enabled', at: '2026-01-01T00:00:00.000Z', by: 'alice', catalogVersion: 1 },
  startedAt: '2026-01-01T00:00:00.000Z',
}

const VERDICT: Budget = {
  what: 'Verdict from all sources',
  limit: 50,
  unit: 'µs',
  floor: 'The floor is a look at each source.',
}

/** Measures the cost of a verdict, and of a stored choice at a start. */
export async function measureConsent(): Promise<string[]> {
  const nanoseconds = timed(() => decideConsent(EVERY_SOURCE), 20_000)
  const verdictTime = {
    median: nanoseconds.median / 1e3,
    min: nanoseconds.min / 1e3,
    max: nanoseconds.max / 1e3,
  }
  const [without, stored] = [await readsOfStart(false), await readsOfStart(true)]
  return [
    ...table(
      ['what', 'median', 'range', 'budget'],
      [
        [
          'verdict from all sources',
          `${digits(verdictTime.median)} µs`,
          range(verdictTime),
          verdict(verdictTime.median, VERDICT),
        ],
        ['entries that a start reads, nobody has chosen', String(without), '', ''],
        ['entries that a start reads, with a stored choice', String(stored), '', 'one small file more'],
      ],
    ),
    ...missed([[verdictTime.median, VERDICT]]),
  ]
}

/** Counts how often a start reads an existing entry of the state store. */
async function readsOfStart(chosen: boolean): Promise<number> {
  const directory = mkdtempSync(path.join(tmpdir(), 'otel-usage-bench-'))
  const store = createDirectoryStore(directory)
  let reads = 0
  const counting: StateStore = {
    ...store,
    async read(name) {
      const bytes = await store.read(name)
      if (bytes) reads++
      return bytes
    },
  }
  const create = () =>
    createUsageTelemetry({
      product: { name: 'acme', version: '1.0.0' },
      catalog: defineCatalog({ version: 1, prefix: 'acme', facts: {} }),
      endpoint: 'http://127.0.0.1:9',
      state: counting,
      environment: {},
    })
  if (chosen) await create().consent.set('enabled', { by: 'alice' })
  reads = 0
  const usage = create()
  await usage.start()
  await usage.shutdown()
  rmSync(directory, { recursive: true })
  return reads
}
