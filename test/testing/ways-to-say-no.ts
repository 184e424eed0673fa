import { symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ConsentSource, UsageTelemetryOptions } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'

/** One way to say no to a product that is otherwise all for it. */
export interface WayToSayNo {
  /** The source that decides because of it. */
  readonly source: ConsentSource
  readonly environment?: Readonly<Record<string, string>>
  /** What the product passes to `createUsageTelemetry` beside it. */
  readonly options?: Partial<UsageTelemetryOptions>
  /** What was done before, in the state directory or beside the product. Returns options that come of it. */
  readonly before?: (place: Place) => Promise<void> | Partial<UsageTelemetryOptions>
  /** Where the product is found, if not under its own name. */
  readonly program?: (place: Place, product: string) => string
  /** The state that it comes to. Default: disabled. */
  readonly state?: 'undecided'
  /** Whether a scheduled report is due at once. Default: true. */
  readonly scheduled?: false
}

export interface Place {
  /** An empty directory of this run. */
  readonly directory: string
  readonly stateDirectory: string
}

const product = { name: 'acme-db', version: '2.4.0' }

/** Each source that can say no, and what else keeps a product from sending. To add one, add it here. */
export const WAYS_TO_SAY_NO: Readonly<Record<string, WayToSayNo>> = {
  'DO_NOT_TRACK=1': { source: 'do-not-track', environment: { DO_NOT_TRACK: '1' } },
  'ACME_DB_TELEMETRY_OPTOUT=yes': {
    source: 'opt-out-variable',
    environment: { ACME_DB_TELEMETRY_OPTOUT: 'yes' },
  },
  'the opt-out variable under an old name of the product': {
    source: 'opt-out-variable',
    environment: { OLD_ACME_TELEMETRY_OPTOUT: '1' },
    options: { product: { ...product, legacyEnvironmentPrefixes: ['OLD_ACME'] } },
  },
  'OTEL_SDK_DISABLED=true': { source: 'otel-sdk-disabled', environment: { OTEL_SDK_DISABLED: 'true' } },
  'a program whose name says donottrack': {
    source: 'executable-name',
    program: ({ directory }, file) => {
      const link = path.join(directory, `acme-DoNotTrack${path.extname(file)}`)
      symlinkSync(file, link)
      return link
    },
  },
  'a CI system': {
    source: 'automation',
    environment: { CI: 'true' },
    options: { consent: { automation: 'disabled' } },
  },
  'a development run': {
    source: 'development',
    environment: { NODE_ENV: 'development' },
    options: { consent: { development: 'NODE_ENV' } },
  },
  'ACME_DB_TELEMETRY_DEBUG=1': { source: 'debug-variable', environment: { ACME_DB_TELEMETRY_DEBUG: '1' } },
  'an address that cannot be used': {
    source: 'endpoint-variable',
    environment: { ACME_DB_TELEMETRY_ENDPOINT: 'collector.acme.example' },
  },
  'an address with a password': {
    source: 'endpoint-variable',
    environment: { ACME_DB_TELEMETRY_ENDPOINT: 'https://alice:hunter2@collector.acme.example' },
  },
  'headers that cannot be read': {
    source: 'headers-variable',
    environment: {
      ACME_DB_TELEMETRY_ENDPOINT: 'https://collector.acme.example',
      ACME_DB_TELEMETRY_HEADERS: 'Bearer of-this-test',
    },
  },
  'a withheld fact that does not exist': {
    source: 'exclude-variable',
    environment: { ACME_DB_TELEMETRY_EXCLUDE: 'acme.nothing' },
  },
  'ACME_DB_TELEMETRY=off': { source: 'variable', environment: { ACME_DB_TELEMETRY: 'off' } },
  'a value that nobody understands': { source: 'variable', environment: { ACME_DB_TELEMETRY: 'nope!' } },
  'the command-line flag': { source: 'flag', options: { consent: { flag: 'off' } } },
  'the locked configuration': {
    source: 'locked-configuration',
    options: { consent: { configured: { value: false, locked: true } } },
  },
  'the choice of an administrator': {
    source: 'stored-choice',
    before: async ({ stateDirectory }) => {
      await createAcme({ state: stateDirectory }).consent.set('disabled', { by: 'alice' })
    },
  },
  'a stored choice that cannot be read': {
    source: 'stored-choice',
    before: async ({ stateDirectory }) => writeFileSync(path.join(stateDirectory, 'consent.jsonl'), '{"form'),
  },
  'a place for the state that cannot be written': {
    source: 'state',
    before({ directory }) {
      const file = path.join(directory, 'no-directory')
      writeFileSync(file, '')
      return { state: path.join(file, 'usage') }
    },
  },
  'the configuration': { source: 'configuration', options: { consent: { configured: 'disabled' } } },
  'the seed': { source: 'seed', options: { consent: { seed: 'off' } } },
  "the product's default": { source: 'default', options: { consent: { default: 'disabled' } } },
  'a product that keeps the id': {
    source: 'do-not-track',
    environment: { DO_NOT_TRACK: '1' },
    options: { consent: { keepInstallation: true } },
  },
  'a packager who switches it off': {
    source: 'default',
    options: { consent: {} },
    before: ({ directory }) => packagedWith('off', directory),
  },
  'a packager who removes the feature': {
    source: 'default',
    before: ({ directory }) => packagedWith('none', directory),
    scheduled: false,
  },
  'nobody, and the time to decide is not over': {
    source: 'default',
    options: { consent: { default: 'undecided' } },
    state: 'undecided',
    scheduled: false,
  },
}

function packagedWith(word: string, directory: string): Partial<UsageTelemetryOptions> {
  writeFileSync(path.join(directory, 'usage-telemetry'), `${word}\n`)
  return { product: { ...product, root: directory } }
}
