/**
 * The operator's variables by what they mean. A no must not be lost to a spelling: names are compared without regard to case, and the
 * obvious misspellings of an opt-out count as what they say. A yes is taken only from a variable that has its right name.
 */
import { distanceOf, ownOf } from '../../platform/index.ts'
import type { ConsentInputs } from './types.ts'
import { optsOut, readDecision, shown } from './words.ts'

/** What a variable means. `NO`: the name of a decision that is misspelt, and so can only say no. */
export type Meaning =
  | 'DO_NOT_TRACK'
  | 'OTEL_SDK_DISABLED'
  | 'TELEMETRY'
  | 'OPTOUT'
  | 'EXCLUDE'
  | 'DEBUG'
  | 'NO'

/** The inputs, and the names in their environment by what they mean. */
export interface NamedInputs extends ConsentInputs {
  /** The right names first, whether they are set or not. */
  readonly names: ReadonlyMap<Meaning, readonly string[]>
}

/** What stands behind `<PREFIX>_TELEMETRY` in the right names. The last two are read elsewhere, under their right names alone. */
const SUFFIXES = ['', '_OPTOUT', '_EXCLUDE', '_DEBUG', '_DIR', '_ENDPOINT'] as const

/** What stands there in obvious misspellings, without underscores. */
const BEHIND: Readonly<Record<string, Meaning>> = {
  '': 'TELEMETRY',
  ...{ OPTOUT: 'OPTOUT', EXCLUDE: 'EXCLUDE', DEBUG: 'DEBUG' },
  ...{ OPTEDOUT: 'OPTOUT', DISABLED: 'OPTOUT', DISABLE: 'OPTOUT', OFF: 'OPTOUT', DONOTTRACK: 'OPTOUT' },
  ...{ OPTIN: 'NO', OPTEDIN: 'NO', ENABLED: 'NO', ENABLE: 'NO', ON: 'NO' },
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
const MOST_WARNINGS = 5

/** Finds the operator's variables. */
export function withNames(inputs: ConsentInputs): NamedInputs {
  const prefixes = prefixesOf(inputs)
  const right = (suffix: string) => prefixes.map((prefix) => `${prefix}_TELEMETRY${suffix}`)
  const names = new Map<Meaning, string[]>([
    ['DO_NOT_TRACK', ['DO_NOT_TRACK']],
    ['OTEL_SDK_DISABLED', ['OTEL_SDK_DISABLED']],
    ['TELEMETRY', right('')],
    ['OPTOUT', right('_OPTOUT')],
    ['EXCLUDE', right('_EXCLUDE')],
    ['DEBUG', right('_DEBUG')],
    ['NO', []],
  ])
  for (const name of Object.keys(inputs.environment)) {
    const list = names.get(meaningOf(name, prefixes) as Meaning)
    if (list && !list.includes(name)) list.push(name)
  }
  return ownOf({ ...inputs, names })
}

/** A full sentence for each variable that looks like one of the operator's and has no effect, with the name that was meant. */
export function misspelt(inputs: ConsentInputs): string[] {
  const { environment, levels } = inputs
  const prefixes = prefixesOf(inputs)
  return Object.keys(environment)
    .flatMap((name) => {
      const value = environment[name]
      if (!value?.trim() || isRight(name, prefixes)) return []
      const meaning = meaningOf(name, prefixes)
      if (meaning === 'NO') {
        const prefix = prefixes.find((one) => isBelow(name, one))
        const says = readDecision(value, levels).state
        return says === 'enabled'
          ? [`${shown(name)} has no effect: only ${prefix}_TELEMETRY can say yes.`]
          : []
      }
      if (meaning !== undefined && (meaning !== 'DEBUG' || !optsOut(value))) return []
      const meant = nearestTo(name, prefixes)
      return meant === undefined ? [] : [sentence(shown(name), meant, meaning)]
    })
    .slice(0, MOST_WARNINGS)
}

function sentence(name: string, meant: string, meaning: Meaning | undefined): string {
  return meaning === 'DEBUG'
    ? `${name} keeps reports from being sent, and prints none; to see them, set ${meant}.`
    : `${name} is not a variable of the usage telemetry and has no effect; perhaps ${meant} is meant.`
}

/** What an operator means by a name; `undefined` where it is of something else, or nobody can tell. */
function meaningOf(name: string, prefixes: readonly string[]): Meaning | undefined {
  if (name.length > LONGEST_NAME) return undefined
  const common = own(COMMON, bare(name))
  if (common) return common
  for (const prefix of prefixes) {
    if (!isBelow(name, prefix)) continue
    const rest = capitals(name).slice(prefix.length + 1)
    const meaning = rest.startsWith('TELEMETRY')
      ? own(BEHIND, bare(rest.slice('TELEMETRY'.length)))
      : own(OTHERWISE, bare(rest))
    if (meaning) return meaning
  }
  return undefined
}

/** The right name that is nearest to one which is below `<PREFIX>_TELEMETRY`, or almost is. */
function nearestTo(name: string, prefixes: readonly string[]): string | undefined {
  const written = capitals(name).slice(0, LONGEST_NAME)
  // By the length first: this looks at every variable of the process, with every verdict.
  const isAsLong = Math.abs(written.length - 'DO_NOT_TRACK'.length) <= 1
  if (isAsLong && distanceOf(written, 'DO_NOT_TRACK') === 1) return 'DO_NOT_TRACK'
  for (const prefix of prefixes) {
    if (!isBelow(name, prefix)) continue
    const [first = '', ...rest] = written.slice(prefix.length + 1).split('_')
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

const isRight = (name: string, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => SUFFIXES.some((end) => name === `${prefix}_TELEMETRY${end}`))

/** How many letters a word may be off to be taken for a slip. */
const SLIPS = 2

const LONGEST_NAME = 100

const prefixesOf = ({ prefix, legacyPrefixes = [] }: ConsentInputs) => [prefix, ...legacyPrefixes]

const isBelow = (name: string, prefix: string) => capitals(name).startsWith(`${prefix}_`)

const capitals = (name: string) => name.toUpperCase().replaceAll('-', '_')

const bare = (name: string) => capitals(name).replaceAll('_', '')

const own = (meanings: Readonly<Record<string, Meaning>>, key: string): Meaning | undefined =>
  Object.hasOwn(meanings, key) ? meanings[key] : undefined
