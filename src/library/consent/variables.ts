/**
 * The operator's variables by meaning. A spelling mistake must not lose a no: upper and lower case are the same in names, and obvious
 * misspellings of an opt-out count. A yes counts only in a variable with the right name.
 */
import { distanceOf } from '../../platform/index.ts'
import type { ConsentInputs } from './types.ts'
import { optsOut, printable, readDecision } from './words.ts'

/** Meaning of a variable. `NO`: a misspelt name of `<PREFIX>_TELEMETRY`, which can only say no. */
export type Meaning =
  | 'DO_NOT_TRACK'
  | 'OTEL_SDK_DISABLED'
  | 'TELEMETRY'
  | 'OPTOUT'
  | 'EXCLUDE'
  | 'DEBUG'
  | 'NO'

/** The operator's variables in an environment. Found once for many verdicts, because a process has many other variables. */
export interface NamedVariables {
  /** Names by meaning. The right names come first, even if they are not set. */
  readonly names: Readonly<Record<Meaning, readonly string[]>>
  /** Variables with a misspelt name. */
  readonly misspelt: readonly Misspelt[]
}

interface Misspelt {
  readonly name: string
  /** Meaning of the variable in spite of its name; `undefined` if it has no effect. */
  readonly meaning: Meaning | undefined
  /** Right name that is most similar. */
  readonly meant: string
}

/** The inputs, with the operator's variables in their environment. */
export interface NamedInputs extends ConsentInputs, NamedVariables {}

/** Ends of the right names, after `<PREFIX>_TELEMETRY`. The last three are read elsewhere, and only under their right names. */
const SUFFIXES = ['', '_OPTOUT', '_EXCLUDE', '_DEBUG', '_DIR', '_ENDPOINT', '_HEADERS'] as const

/** Meanings by the end of the name after `<PREFIX>_TELEMETRY`, without underscores. Includes obvious misspellings. */
const MEANING_BY_SUFFIX: Readonly<Record<string, Meaning>> = {
  '': 'TELEMETRY',
  ...{ OPTOUT: 'OPTOUT', EXCLUDE: 'EXCLUDE', DEBUG: 'DEBUG' },
  ...{ OPTEDOUT: 'OPTOUT', DISABLED: 'OPTOUT', DISABLE: 'OPTOUT', OFF: 'OPTOUT', DONOTTRACK: 'OPTOUT' },
  ...{ OPTIN: 'NO', OPTEDIN: 'NO', ENABLED: 'NO', ENABLE: 'NO', ON: 'NO', LEVEL: 'NO' },
}

/** Meanings by the name after `<PREFIX>_` where that does not begin with `TELEMETRY`, without underscores. */
const MEANING_BY_OTHER_NAME: Readonly<Record<string, Meaning>> = {
  ...{ DISABLETELEMETRY: 'OPTOUT', DISABLEDTELEMETRY: 'OPTOUT', NOTELEMETRY: 'OPTOUT' },
  ...{ OPTOUTTELEMETRY: 'OPTOUT', DONOTTRACK: 'OPTOUT', ENABLETELEMETRY: 'NO' },
}

/** Meanings of names that all products share, without underscores. */
const MEANING_WITHOUT_PREFIX: Readonly<Record<string, Meaning>> = {
  DONOTTRACK: 'DO_NOT_TRACK',
  OTELSDKDISABLED: 'OTEL_SDK_DISABLED',
}

/** Largest number of warnings about misspelt names. More would say nothing new. */
const MAX_WARNINGS = 5

/** Finds the operator's variables. */
export function variablesIn(
  environment: ConsentInputs['environment'],
  { prefix, legacyPrefixes = [] }: Pick<ConsentInputs, 'prefix' | 'legacyPrefixes'>,
): NamedVariables {
  const prefixes = [prefix, ...legacyPrefixes]
  const right = (suffix: string) => prefixes.map((one) => `${one}_TELEMETRY${suffix}`)
  const names: Record<Meaning, string[]> = {
    DO_NOT_TRACK: ['DO_NOT_TRACK'],
    OTEL_SDK_DISABLED: ['OTEL_SDK_DISABLED'],
    TELEMETRY: right(''),
    OPTOUT: right('_OPTOUT'),
    EXCLUDE: right('_EXCLUDE'),
    DEBUG: right('_DEBUG'),
    NO: [],
  }
  const rightNames = new Set(SUFFIXES.flatMap(right))
  const misspelt: Misspelt[] = []
  for (const name of Object.keys(environment)) {
    const written = capitals(name)
    const below = prefixes.filter((one) => written.startsWith(`${one}_`))
    const meaning = meaningOf(written, below)
    if (meaning && !names[meaning].includes(name)) names[meaning].push(name)
    if (rightNames.has(name)) continue
    const meant = meaning === 'NO' ? `${below[0]}_TELEMETRY` : nearestTo(written, below)
    const isObeyed = meaning !== undefined && meaning !== 'NO' && meaning !== 'DEBUG'
    if (meant !== undefined && !isObeyed) misspelt.push({ name, meaning, meant })
  }
  return { names, misspelt }
}

/** Returns a sentence for each variable that is set under a misspelt name and has no effect, with the right name. */
export const warningsOfMisspelt = ({ misspelt, environment, levels }: NamedInputs): string[] =>
  misspelt
    .flatMap(({ name, meaning, meant }) => {
      const value = environment[name]
      if (!value?.trim()) return []
      if (meaning === 'NO')
        return readDecision(value, levels).state === 'enabled'
          ? [`${printable(name)} has no effect: only ${meant} can say yes.`]
          : []
      return meaning === 'DEBUG' && !optsOut(value) ? [] : [sentence(printable(name), meant, meaning)]
    })
    .slice(0, MAX_WARNINGS)

function sentence(name: string, meant: string, meaning: Meaning | undefined): string {
  return meaning === 'DEBUG'
    ? `${name} keeps reports from being sent, and prints none; to see them, set ${meant}.`
    : `${name} is not a variable of the usage telemetry and has no effect; perhaps ${meant} is meant.`
}

/** Returns the meaning of a name in capitals; `undefined` if it has none here. */
function meaningOf(written: string, below: readonly string[]): Meaning | undefined {
  if (written.length > MAX_NAME_LENGTH) return undefined
  const common = own(MEANING_WITHOUT_PREFIX, bare(written))
  if (common) return common
  for (const prefix of below) {
    const rest = written.slice(prefix.length + 1)
    const meaning = rest.startsWith('TELEMETRY')
      ? own(MEANING_BY_SUFFIX, bare(rest.slice('TELEMETRY'.length)))
      : own(MEANING_BY_OTHER_NAME, bare(rest))
    if (meaning) return meaning
  }
  return undefined
}

/** Returns the right name that is most similar to a name in capitals; `undefined` if the name does not resemble any. */
function nearestTo(written: string, below: readonly string[]): string | undefined {
  // The length comes first because it is quick, and every variable of the process is compared.
  const isAsLong = Math.abs(written.length - 'DO_NOT_TRACK'.length) <= 1
  if (isAsLong && distanceOf(written, 'DO_NOT_TRACK') === 1) return 'DO_NOT_TRACK'
  for (const prefix of below) {
    const [first = '', ...rest] = written.slice(prefix.length + 1, MAX_NAME_LENGTH).split('_')
    // The prefix must be right: a name with another prefix belongs to another product.
    if (distanceOf(first, 'TELEMETRY') > MAX_TYPOS) continue
    const end = rest.map((part) => `_${part}`).join('')
    const [nearest] = SUFFIXES.map((one) => ({ one, distance: distanceOf(end, one) })).sort(
      (a, b) => a.distance - b.distance,
    )
    return `${prefix}_TELEMETRY${nearest?.one}`
  }
  return undefined
}

/** Largest number of wrong letters in a word that counts as a typing error. */
const MAX_TYPOS = 2

const MAX_NAME_LENGTH = 100

const capitals = (name: string) => name.toUpperCase().replaceAll('-', '_')

const bare = (written: string) => written.replaceAll('_', '')

const own = (meanings: Readonly<Record<string, Meaning>>, key: string): Meaning | undefined =>
  Object.hasOwn(meanings, key) ? meanings[key] : undefined
