import type { ConsentInputs, ConsentSource } from './types.ts'
import { DISABLING_WORDS, ENABLING_WORDS, optsOut, type Reading, readDecision } from './words.ts'

/** What a source says, before it is held against the others. */
export interface Statement {
  readonly name: string
  readonly value?: string
  readonly reading: Reading
  /** What the operator should mend, as the end of a sentence. */
  readonly problem?: string
}

/** A place that an opinion comes from, and what its word is worth. */
export interface Source {
  readonly source: ConsentSource
  /** `restriction`: its no beats every yes, and it has no yes. `choice`: the first that has decided wins. */
  readonly kind: 'restriction' | 'choice'
  /** Whether it is the operator's environment, which the product itself cannot overrule. */
  readonly locks: boolean
  /** What it says; `undefined` where it has nothing to say. */
  read(inputs: ConsentInputs): Statement | undefined
}

/** Every source, in the order in which they are asked. */
export const SOURCES: readonly Source[] = [
  optOutVariable('do-not-track', () => 'DO_NOT_TRACK'),
  optOutVariable('opt-out-variable', ({ prefix }) => `${prefix}_TELEMETRY_OPTOUT`),
  optOutVariable('otel-sdk-disabled', () => 'OTEL_SDK_DISABLED'),
  {
    source: 'executable-name',
    kind: 'restriction',
    locks: true,
    read: ({ executableName }) =>
      executableName?.toLowerCase().includes('donottrack')
        ? { name: 'the name of the executable', value: shown(executableName), reading: { state: 'disabled' } }
        : undefined,
  },
  optOutVariable('debug-variable', ({ prefix }) => `${prefix}_TELEMETRY_DEBUG`),
  {
    source: 'endpoint-variable',
    kind: 'restriction',
    locks: true,
    read({ prefix, environment, endpointProblem }) {
      const name = `${prefix}_TELEMETRY_ENDPOINT`
      if (!endpointProblem) return undefined
      return {
        name,
        value: shown(environment[name]),
        reading: { state: 'disabled' },
        problem: endpointProblem,
      }
    },
  },
  {
    source: 'variable',
    kind: 'choice',
    locks: true,
    read({ prefix, environment, levels }) {
      const name = `${prefix}_TELEMETRY`
      const value = environment[name]
      return value === undefined
        ? undefined
        : { name, value: shown(value), reading: readDecision(value, levels) }
    },
  },
  given('flag', 'the command-line flag', true, ({ flag }) => flag),
  given('configuration', 'the configuration', false, ({ configured }) => configured),
]

/** The words that a source understands, for a message about one that it does not. */
export const wordsOf = (levels: readonly string[]): string =>
  `use ${[...levels, 'on'].map((word) => `'${word}'`).join(', ')} or 'off' ` +
  `(also ${[...ENABLING_WORDS.slice(4, 5), ...DISABLING_WORDS.slice(4, 5), 'true', 'false', '1', '0'].join(', ')})`

function optOutVariable(source: ConsentSource, nameOf: (inputs: ConsentInputs) => string): Source {
  return {
    source,
    kind: 'restriction',
    locks: true,
    read(inputs) {
      const name = nameOf(inputs)
      const value = inputs.environment[name]
      if (value === undefined) return undefined
      return { name, value: shown(value), reading: { state: optsOut(value) ? 'disabled' : 'undecided' } }
    },
  }
}

function given(
  source: ConsentSource,
  name: string,
  locks: boolean,
  valueIn: (inputs: ConsentInputs) => unknown,
): Source {
  return {
    source,
    kind: 'choice',
    locks,
    read(inputs) {
      const value = valueIn(inputs)
      if (value === undefined || value === null) return undefined
      return { name, value: shown(value), reading: readDecision(value, inputs.levels) }
    },
  }
}

/** A raw value as it can be shown in a log: one line, short, nothing that steers a terminal or turns the text around. */
const shown = (value: unknown): string => {
  const text = typeof value === 'object' ? 'an object' : String(value).slice(0, 60)
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}')
}
