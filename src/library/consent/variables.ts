/**
 * The operator's variables by what they mean. A no must not be lost to a spelling: names are compared without regard to case, and the
 * obvious misspellings of an opt-out count as what they say. A yes is taken only from a variable that has its right name.
 */
import { distanceOf } from '../../platform/index.ts'
import type { ConsentInputs } from './types.ts'
import { optsOut, printable, readDecision } from './words.ts'

/** What a variable means. `NO`: the name of a decision that is misspelt, and so can only say no. */
export type Meaning =
  | 'DO_NOT_TRACK'
  | 'OTEL_SDK_DISABLED'
  | 'TELEMETRY'
  | 'OPTOUT'
  | 'EXCLUDE'
  | 'DEBUG'
  | 'NO'

/** The operator's variables in an environment. They are found once for it: a process has many others, and many verdicts. */
export interface NamedVariables {
  /** The names of each meaning; the right ones first, whether they are set or not. */
  readonly names: ReadonlyMap<Meaning, readonly string[]>
  /** Those that look like one of the operator's under another name. */
  readonly misspelt: readonly Misspelt[]
}

interface Misspelt {
  readonly name: string
  /** What it means all the same; `undefined` where it has no effect. */
  readonly meaning: Meaning | undefined
  /** The right name that is nearest. */
  readonly meant: string
}

/** The inputs, with the operator's variables in their environment. */
export interface NamedInputs extends ConsentInputs, NamedVariables {}

/** What stands behind `<PREFIX>_TELEMETRY` in the right names. The last two are read elsewhere, under their right names alone. */
const SUFFIXES = ['', '_OPTOUT', '_EXCLUDE', '_DEBUG', '_DIR', '_ENDPOINT'] as const

/** What stands there in obvious misspellings, without underscores. */
const BEHIND: Readonly<Record<string, Meaning>> = {
  '': 'TELEMETRY',
  ...{ OPTOUT: 'OPTOUT', EXCLUDE: 'EXCLUDE', DEBUG: 'DEBUG' },
  ...{ OPTEDOUT: 'OPTOUT', DISABLED: 'OPTOUT', DISABLE: 'OPTOUT', OFF: 'OPTOUT', DONOTTRACK: 'OPTOUT' },
  ...{ OPTIN: 'NO', OPTEDIN: 'NO', ENABLED: 'NO', ENABLE: 'NO', ON: 'NO', LEVEL: 'NO' },
}

/** What stands behind the prefix in others, without underscores. */
const OTHERWISE: Readonly<Record<string, Meaning>> = {
  ...{ DISABLETELEMETRY: 'OPTOUT', DISABLEDTELEMETRY: 'OPTOUT', NOTELEMETRY: 'OPTOUT' },
  ...{ OPTOUTTELEMETRY: 'OPTOUT', DONOTTRACK: 'OPTOUT', ENABLETELEMETRY: 'NO' },
}

/** Of everybody, without underscores. */
const COMMON: Readonly<Record<string, Meaning>> = {
  DONOTTRACK: 'DO_NOT_TRACK',
  OTELSDKDISABLED: 'OTEL_SDK_DISABLED',
}

/** More warnings than these say nothing new. */
const MAX_WARNINGS = 5

/** Finds the operator's variables. */
export function variablesIn(
  environment: ConsentInputs['environment'],
  { prefix, legacyPrefixes = [] }: Pick<ConsentInputs, 'prefix' | 'legacyPrefixes'>,
): NamedVariables {
  const prefixes = [prefix, ...legacyPrefixes]
  const right = (suffix: string) => prefixes.map((one) => `${one}_TELEMETRY${suffix}`)
  const names = new Map<Meaning, string[]>([
    ['DO_NOT_TRACK', ['DO_NOT_TRACK']],
    ['OTEL_SDK_DISABLED', ['OTEL_SDK_DISABLED']],
    ['TELEMETRY', right('')],
    ['OPTOUT', right('_OPTOUT')],
    ['EXCLUDE', right('_EXCLUDE')],
    ['DEBUG', right('_DEBUG')],
    ['NO', []],
  ])
  const rightNames = new Set(SUFFIXES.flatMap(right))
  const misspelt: Misspelt[] = []
  for (const name of Object.keys(environment)) {
    const written = capitals(name.slice(0, MAX_NAME_LENGTH + 1))
    const below = prefixes.filter((one) => written.startsWith(`${one}_`))
    const meaning = meaningOf(written, below)
    const list = names.get(meaning as Meaning)
    if (list && !list.includes(name)) list.push(name)
    if (rightNames.has(name)) continue
    const meant = meaning === 'NO' ? `${below[0]}_TELEMETRY` : nearestTo(written, below)
    const isHeeded = meaning !== undefined && meaning !== 'NO' && meaning !== 'DEBUG'
    if (meant !== undefined && !isHeeded) misspelt.push({ name, meaning, meant })
  }
  return { names, misspelt }
}

/** A full sentence for each variable that looks like one of the operator's and has no effect, with the name that was meant. */
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

/** What an operator means by a name, in capitals; `undefined` where it is of something else, or nobody can tell. */
function meaningOf(written: string, below: readonly string[]): Meaning | undefined {
  if (written.length > MAX_NAME_LENGTH) return undefined
  const common = own(COMMON, bare(written))
  if (common) return common
  for (const prefix of below) {
    const rest = written.slice(prefix.length + 1)
    const meaning = rest.startsWith('TELEMETRY')
      ? own(BEHIND, bare(rest.slice('TELEMETRY'.length)))
      : own(OTHERWISE, bare(rest))
    if (meaning) return meaning
  }
  return undefined
}

/** The right name that is nearest to one, in capitals, which is below `<PREFIX>_TELEMETRY`, or almost is. */
function nearestTo(written: string, below: readonly string[]): string | undefined {
  // By the length first: that is quick, and every variable of the process is looked at.
  const isAsLong = Math.abs(written.length - 'DO_NOT_TRACK'.length) <= 1
  if (isAsLong && distanceOf(written, 'DO_NOT_TRACK') === 1) return 'DO_NOT_TRACK'
  for (const prefix of below) {
    const [first = '', ...rest] = written.slice(prefix.length + 1, MAX_NAME_LENGTH).split('_')
    // What lies before it is right: a name with another prefix is of another product.
    if (distanceOf(first, 'TELEMETRY') > SLIPS) continue
    const end = ['', ...rest].join('_')
    const [nearest] = SUFFIXES.map((one) => ({ one, distance: distanceOf(end, one) })).sort(
      (a, b) => a.distance - b.distance,
    )
    return `${prefix}_TELEMETRY${nearest?.one}`
  }
  return undefined
}

/** How many letters a word may be off to be taken for a slip. */
const SLIPS = 2

const MAX_NAME_LENGTH = 100

const capitals = (name: string) => name.toUpperCase().replaceAll('-', '_')

const bare = (written: string) => written.replaceAll('_', '')

const own = (meanings: Readonly<Record<string, Meaning>>, key: string): Meaning | undefined =>
  Object.hasOwn(meanings, key) ? meanings[key] : undefined
