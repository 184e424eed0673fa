import fc from 'fast-check'
import type { ConsentInputs, ConsentSource, ConsentState } from '../../src/consent/index.ts'

/** A place that an opinion can come from: how a test speaks there, and what its word is worth. */
export interface Place {
  readonly source: ConsentSource
  /** What is read there: an opt-out (anything but a few words is a no), a decision, or a name. */
  readonly kind: 'opt-out' | 'decision' | 'name'
  /** Whether it is the operator's environment: its no beats every yes, and its level is an upper limit. */
  readonly locks: boolean
  /** The inputs with this value in this place; `undefined` empties it. */
  put(inputs: ConsentInputs, value: string | undefined): ConsentInputs
  /** A value that says no here. */
  readonly no: string
  readonly values: fc.Arbitrary<string>
}

const decisions = fc.constantFrom(
  ...['1', 'true', 'On', ' enabled ', 'opt-in', 'ALLOW'],
  ...['0', 'false', 'Off', ' disabled ', 'opt-out', 'FORBID'],
  ...['', 'undecided', 'basic', 'some', 'Full', 'none', 'rhubarb', '\u{1b}[31mon'],
)
const optOuts = fc.constantFrom(
  '',
  '0',
  'false',
  ' No ',
  'OFF',
  '1',
  'true',
  'optout',
  'disable',
  'rhubarb',
  '\n',
)
const names = fc.constantFrom(
  '/usr/bin/acme',
  '/opt/DoNotTrack/acme',
  'acme-donottrack',
  'DONOTTRACK.EXE',
  '',
)

const variable = (name: string) => (inputs: ConsentInputs, value: string | undefined) => ({
  ...inputs,
  environment: { ...inputs.environment, [name]: value },
})

/** Every place in the order in which they are asked. A new source is a line here, and takes part in every property. */
export const PLACES: readonly Place[] = [
  optOut('do-not-track', 'DO_NOT_TRACK'),
  optOut('opt-out-variable', 'ACME_TELEMETRY_OPTOUT'),
  optOut('otel-sdk-disabled', 'OTEL_SDK_DISABLED'),
  {
    source: 'executable-name',
    kind: 'name',
    locks: true,
    put: (inputs, executableName) => ({ ...inputs, executableName }),
    no: 'acme-donottrack',
    values: names,
  },
  decision('variable', true, variable('ACME_TELEMETRY')),
  decision('flag', true, (inputs, flag) => ({ ...inputs, flag })),
  decision('configuration', false, (inputs, configured) => ({ ...inputs, configured })),
]

function optOut(source: ConsentSource, name: string): Place {
  return { source, kind: 'opt-out', locks: true, put: variable(name), no: '1', values: optOuts }
}

function decision(source: ConsentSource, locks: boolean, put: Place['put']): Place {
  return { source, kind: 'decision', locks, put, no: 'off', values: decisions }
}

export const placeOf = (source: ConsentSource): Place | undefined =>
  PLACES.find((place) => place.source === source)

/** Inputs where nobody says anything. */
export const silence = (more: Partial<ConsentInputs> = {}): ConsentInputs => ({
  prefix: 'ACME',
  environment: {},
  levels: ['basic', 'some', 'full'],
  default: 'undecided',
  ...more,
})

/** Inputs where some of the places, or all of them, say something out of `values`, or out of their own. */
export const inputsWith = (values?: fc.Arbitrary<string>): fc.Arbitrary<ConsentInputs> =>
  fc
    .tuple(
      fc.constantFrom<ConsentState>('enabled', 'disabled', 'undecided'),
      fc.constantFrom(['full'], ['basic', 'full'], ['basic', 'some', 'full']),
      fc.tuple(...PLACES.map((place) => fc.option(values ?? place.values, { nil: undefined }))),
    )
    .map(([byDefault, levels, spoken]) =>
      spoken.reduce<ConsentInputs>(
        (inputs, value, index) => (value === undefined ? inputs : PLACES[index]!.put(inputs, value)),
        silence({ default: byDefault, levels }),
      ),
    )

export const anyInputs = inputsWith()
export const anyPlace = fc.constantFrom(...PLACES)
