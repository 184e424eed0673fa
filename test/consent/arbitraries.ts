import fc from 'fast-check'
import type {
  ConsentInputs,
  ConsentSource,
  ConsentState,
  Opinion,
  StoredOpinion,
} from '../../src/library/consent/index.ts'

/** A place that an opinion can come from: how a test speaks there, and what its word is worth. */
export interface Place {
  readonly source: ConsentSource
  /** The place in the name of a test: the source, and the variable where a source has several. */
  readonly label: string
  /** The variable that is read, where the place is one. */
  readonly variable?: string
  /** What is read there: an opt-out (anything but a few words is a no), a decision, a choice that was kept, or else. */
  readonly kind: 'opt-out' | 'decision' | 'kept' | 'other'
  /** Whether its no beats every yes. */
  readonly restricts: boolean
  /** Whether it is set outside of the product: no choice takes its no back, and its level is an upper limit. */
  readonly locks: boolean
  /** The inputs with this value in this place; `undefined` empties it. */
  put(inputs: ConsentInputs, value: string | undefined): ConsentInputs
  /** A value that says no here. */
  readonly no: string
  /** A value that says yes here, where one can be said. */
  readonly yes?: string
  readonly values: fc.Arbitrary<string>
}

const decisions = fc.constantFrom(
  ...['1', 'true', 'On', ' enabled ', 'opt-in', 'ALLOW'],
  ...['0', 'false', 'Off', ' disabled ', 'opt-out', 'FORBID'],
  ...['', 'undecided', 'basic', 'some', 'Full', 'none', 'rhubarb', '\u{1b}[31mon'],
)
const optOuts = fc.constantFrom(
  ...['', '0', 'false', ' No ', 'OFF'],
  ...['1', 'true', 'optout', 'disable', 'rhubarb', '\n'],
)
const names = fc.constantFrom(
  ...['/usr/bin/acme', '/opt/DoNotTrack/acme', 'acme-donottrack', 'DONOTTRACK.EXE', ''],
)
/** A state or a level, and the version of the catalog that it was given under; or what is wrong with the store. */
const kept = fc.constantFrom(
  ...['enabled@1', 'enabled@3', 'basic@2', 'some@2', 'full@1', 'disabled@1', 'disabled@3', 'undecided@2'],
  ...['rhubarb@2', 'problem@0'],
)

/** The facts that the operator can withhold. */
const FACTS = ['acme.db.name', 'acme.db.version', 'acme.edition', 'acme.users']

const fromVariable = (variable: string) => (inputs: ConsentInputs, value: string | undefined) => ({
  ...inputs,
  environment: { ...inputs.environment, [variable]: value },
})

/** Every place in the order in which they are asked. A new source is a line here, and takes part in every property. */
export const PLACES: readonly Place[] = [
  optOut('do-not-track', 'DO_NOT_TRACK'),
  optOut('opt-out-variable', 'ACME_TELEMETRY_OPTOUT'),
  optOut('opt-out-variable', 'OLD_TELEMETRY_OPTOUT'),
  optOut('opt-out-variable', 'OLDER_TELEMETRY_OPTOUT'),
  optOut('otel-sdk-disabled', 'OTEL_SDK_DISABLED'),
  other('executable-name', 'acme-donottrack', names, (inputs, executableName) => ({
    ...inputs,
    executableName,
  })),
  other('automation', 'a test', fc.constantFrom('a test', 'CI', 'the agent rover'), (inputs, value) => ({
    ...inputs,
    automation: value?.trim() ? value : undefined,
  })),
  other('development', 'dev', fc.constantFrom('dev', 'Development', 'production', ''), (inputs, value) => ({
    ...inputs,
    development: 'NODE_ENV',
    environment: { ...inputs.environment, NODE_ENV: value },
  })),
  optOut('debug-variable', 'ACME_TELEMETRY_DEBUG'),
  {
    ...other(
      'endpoint-variable',
      'rhubarb',
      fc.constantFrom('', 'https://a.example', 'rhubarb', '\n'),
      (inputs, value) => ({
        ...fromVariable('ACME_TELEMETRY_ENDPOINT')(inputs, value),
        endpoint:
          value?.trim() && !URL.canParse(value)
            ? { name: 'ACME_TELEMETRY_ENDPOINT', value, problem: 'is not an address' }
            : undefined,
      }),
    ),
    variable: 'ACME_TELEMETRY_ENDPOINT',
  },
  {
    ...other('headers-variable', 'rhubarb', fc.constantFrom('', 'a=b', 'rhubarb', '\n'), (inputs, value) => ({
      ...fromVariable('ACME_TELEMETRY_HEADERS')(inputs, value),
      headers:
        value?.trim() && !value.includes('=')
          ? { name: 'ACME_TELEMETRY_HEADERS', problem: 'holds no header' }
          : undefined,
    })),
    variable: 'ACME_TELEMETRY_HEADERS',
  },
  exclusions('ACME_TELEMETRY_EXCLUDE'),
  exclusions('OLD_TELEMETRY_EXCLUDE'),
  { ...decision('variable', true, fromVariable('ACME_TELEMETRY')), ...named('variable', 'ACME_TELEMETRY') },
  { ...decision('variable', true, fromVariable('OLD_TELEMETRY')), ...named('variable', 'OLD_TELEMETRY') },
  decision('flag', true, (inputs, flag) => ({ ...inputs, flag })),
  decision('locked-configuration', true, (inputs, value) => {
    if (value === undefined && !isLocked(inputs)) return inputs
    return { ...inputs, configured: value === undefined ? undefined : { value, locked: true } }
  }),
  {
    source: 'stored-choice',
    label: 'stored-choice',
    kind: 'kept',
    restricts: true,
    locks: false,
    put: (inputs, value) => {
      if (value === undefined && isSeed(inputs)) return inputs
      return { ...inputs, stored: value === undefined ? undefined : storedFrom(value) }
    },
    no: 'disabled@3',
    yes: 'enabled@1',
    values: kept,
  },
  // A product has one configuration: where it settles the matter, there is none that does not.
  decision('configuration', false, (inputs, configured) =>
    isLocked(inputs) ? inputs : { ...inputs, configured },
  ),
  decision('seed', false, (inputs, seed) => {
    if (seed === undefined) return { ...inputs, seed, ...(isSeed(inputs) && { stored: undefined }) }
    const stored = seed.startsWith(REMEMBERED) ? storedFrom(seed.slice(REMEMBERED.length)) : undefined
    if (!stored || 'problem' in stored) return { ...inputs, seed }
    return inputs.stored ? inputs : { ...inputs, stored: { ...stored, seed: true } }
  }),
]

/** The seed from the first start, written down. */
export const REMEMBERED = 'remembered:'

const isLocked = ({ configured }: ConsentInputs) =>
  typeof configured === 'object' && configured !== null && 'locked' in configured

const isSeed = ({ stored }: ConsentInputs) => stored !== undefined && 'seed' in stored

/** `enabled@2`: a yes under version 2 of the catalog. `problem@0`: a choice that cannot be known. */
export function storedFrom(value: string): StoredOpinion {
  const [word = '', version = '1'] = value.trim().split('@')
  if (word === 'problem') return { problem: 'in memory/consent.jsonl is empty; choose again' }
  const by = { at: '2026-01-01T00:00:00.000Z', by: value, catalogVersion: Number(version) || 1 }
  if (word === '') return { state: 'undecided', ...by }
  const isState = word === 'enabled' || word === 'disabled' || word === 'undecided'
  return isState ? { state: word, ...by } : { state: 'enabled', level: word, ...by }
}

function optOut(source: ConsentSource, variable: string): Place {
  const put = fromVariable(variable)
  return {
    source,
    kind: 'opt-out',
    restricts: true,
    locks: true,
    put,
    no: '1',
    values: optOuts,
    ...named(source, variable),
  }
}

function named(source: ConsentSource, variable: string) {
  return { label: `${source} ${variable}`, variable }
}

function decision(source: ConsentSource, locks: boolean, put: Place['put']): Place {
  const values =
    source === 'seed'
      ? fc.oneof(
          decisions,
          kept.map((value) => REMEMBERED + value),
        )
      : decisions
  return {
    source,
    label: source,
    kind: 'decision',
    restricts: locks,
    locks,
    put,
    no: 'off',
    yes: 'on',
    values,
  }
}

function other(source: ConsentSource, no: string, values: fc.Arbitrary<string>, put: Place['put']): Place {
  return { source, label: source, kind: 'other', restricts: true, locks: true, put, no, values }
}

function exclusions(variable: string): Place {
  const lists = fc.constantFrom('', 'acme.users', ' ACME.DB.* ,', 'rhubarb', 'acme.users rhubarb', '\n')
  const place = other('exclude-variable', 'acme.rhubarb', lists, fromVariable(variable))
  return { ...place, ...named('exclude-variable', variable) }
}

/** The place of an opinion, and of none for the default. */
export const placeOf = (opinion: Pick<Opinion, 'source' | 'name'>): Place | undefined =>
  PLACES.find(
    ({ source, variable }) =>
      source === opinion.source && (variable === undefined || variable === opinion.name),
  )

/** Inputs where nobody says anything. */
export const silence = (more: Partial<ConsentInputs> = {}): ConsentInputs => ({
  prefix: 'ACME',
  legacyPrefixes: ['OLD', 'OLDER'],
  environment: {},
  levels: ['basic', 'some', 'full'],
  facts: FACTS,
  default: 'undecided',
  ...more,
})

/** Inputs where some of the places, or all of them, say something out of `values`, or out of their own. */
export const inputsWith = (values?: fc.Arbitrary<string>): fc.Arbitrary<ConsentInputs> =>
  fc
    .tuple(
      fc.constantFrom<ConsentState>('enabled', 'disabled', 'undecided'),
      fc.constantFrom(['full'], ['basic', 'full'], ['basic', 'some', 'full']),
      // Mostly silence: where seventeen places speak at once, one of them nearly always says no.
      fc.tuple(...PLACES.map((place) => fc.option(values ?? place.values, { nil: undefined }))),
      fc.tuple(...PLACES.map(({ locks }) => fc.nat(locks ? 3 : 1))),
    )
    .map(([byDefault, levels, spoken, silent]) =>
      spoken.reduce<ConsentInputs>(
        (inputs, value, index) =>
          value === undefined || silent[index] !== 0 ? inputs : PLACES[index]!.put(inputs, value),
        silence({ default: byDefault, levels }),
      ),
    )

export const anyInputs = inputsWith()
export const anyPlace = fc.constantFrom(...PLACES)
