import { type PermittedFacts, widenedFacts } from '../../catalog/index.ts'
import { ownOf } from '../../platform/index.ts'
import { readExclusions } from './exclusions.ts'
import { SOURCES, type Source, type Statement, wordsOf } from './sources.ts'
import type { ConsentInputs, ConsentState, DisabledBy, Opinion, Verdict } from './types.ts'
import { type NamedInputs, type NamedVariables, variablesIn, warningsOfMisspelt } from './variables.ts'

/** A source and one thing that it says. */
interface Voice {
  readonly source: Source
  readonly statement: Statement
}

/**
 * The verdict from every source. A pure function of its inputs.
 *
 * Every no of the operator comes first, whoever says yes beside it: of the environment, the flag, a locked configuration, a stored
 * choice. Otherwise the first source that has decided wins, in the order of {@link SOURCES}; where none has, the product's default
 * stands.
 *
 * @param variables those in the environment of the inputs.
 */
export function decideConsent(
  given: ConsentInputs,
  variables: NamedVariables = variablesIn(given.environment, given),
): Verdict {
  const inputs = ownOf({ ...given, ...variables })
  const verdict = decide(ownOf({ ...inputs, stateProblem: undefined }))
  const { stateProblem } = inputs
  return stateProblem === undefined || verdict.state === 'disabled' || holdsWithoutState(verdict)
    ? verdict
    : decide(inputs)
}

/** Whether a verdict lets something be sent although nothing outlives the process: somebody has said yes to just that. */
export const holdsWithoutState = ({ state, source, unstored }: Verdict): boolean =>
  state === 'enabled' && (unstored === true || SOURCES.some((one) => one.source === source && one.locks))

function decide(inputs: NamedInputs): Verdict {
  const voices = SOURCES.filter(({ source }) => !inputs.ignore?.includes(source)).flatMap((source): Voice[] =>
    source.read(inputs).map((statement) => ({ source, statement })),
  )
  const overruling = voices.find(
    ({ source, statement }) =>
      inputs.overruleStoredNo?.some((one) => one === source.source) && statement.reading.state === 'enabled',
  )
  const noes = voices.filter(
    ({ source, statement }) =>
      source.restricts &&
      statement.reading.state === 'disabled' &&
      !(overruling && source.source === 'stored-choice'),
  )
  const winner = noes[0] ?? voices.find(({ statement }) => statement.reading.state !== 'undecided')
  const state = winner?.statement.reading.state ?? inputs.default
  const level = levelFrom(voices, winner, inputs.levels)
  const since = winner?.statement.since ?? inputs.startedAt

  return {
    state,
    ...(state === 'disabled' && { disabledBy: disabledBy(noes, winner) }),
    level: state === 'disabled' ? 'off' : level,
    source: winner?.source.source ?? 'default',
    because: winner ? nameOf(winner.statement) : defaultName(inputs),
    locked: winner !== undefined && ((winner === noes[0] && winner.source.locks) || winner === overruling),
    ...(since !== undefined && { since }),
    ...(winner?.statement.unstored && { unstored: true }),
    ...(winner?.statement.heldSince !== undefined && { heldSince: winner.statement.heldSince }),
    permitted: permittedFactsOf(state, level, winner?.statement, inputs),
    ...(inputs.variables && { variables: inputs.variables }),
    opinions: [...voices.map((voice) => opinionOf(voice, winner)), defaultOpinion(inputs, winner)],
    warnings: [
      ...unreadable(voices, inputs.levels),
      ...unusable(voices, state),
      ...warningsOfMisspelt(inputs),
      ...conflicts(voices, winner),
    ],
  }
}

function disabledBy(noes: readonly Voice[], winner: Voice | undefined): DisabledBy {
  if (noes.some((voice) => !isPassing(voice))) return 'person'
  return winner && isPassing(winner) ? 'circumstance' : 'product'
}

/** A value that cannot be read may be meant as a no, but may as well be a slip of the pen. */
const isPassing = ({ source, statement }: Voice): boolean =>
  (Object.hasOwn(source, 'passing') && source.passing === true) ||
  Object.hasOwn(statement.reading, 'unreadable')

function permittedFactsOf(
  state: ConsentState,
  level: string,
  winner: Statement | undefined,
  inputs: NamedInputs,
): PermittedFacts {
  const { excluded } = readExclusions(inputs)
  if (state === 'disabled') return ownOf({ excluded })
  const { catalogVersion, contributions, facts } = ownOf<Partial<Statement>>({ ...winner })
  const { definitions, levels } = inputs
  return ownOf<PermittedFacts>({
    level,
    ...(catalogVersion !== undefined && { catalogVersion }),
    ...(contributions && { contributions }),
    ...(facts && definitions && { newer: widenedFacts(facts, definitions, levels) }),
    excluded,
  })
}

/**
 * The least level among the winner's and those that the operator's environment names. Where none of them names one, a yes
 * further down that does is not stretched; the fullest where nobody names one.
 */
function levelFrom(voices: readonly Voice[], winner: Voice | undefined, levels: readonly string[]): string {
  const placesOf = (some: readonly Voice[]) =>
    some.map(({ statement }) => levels.indexOf(levelOf(statement) ?? '')).filter((place) => place >= 0)
  const first = placesOf(voices.filter((voice) => voice === winner || voice.source.locks))
  const places = first.length > 0 ? first : placesOf(voices).slice(0, 1)
  return levels[places.length > 0 ? Math.min(...places) : levels.length - 1] as string
}

const levelOf = ({ reading }: Statement): string | undefined =>
  'level' in reading ? reading.level : undefined

function opinionOf(voice: Voice, winner: Voice | undefined): Opinion {
  const { source, statement } = voice
  const level = levelOf(statement)
  const won = winner === voice
  return {
    source: source.source,
    name: statement.name,
    ...(statement.value !== undefined && { value: statement.value }),
    state: statement.reading.state,
    ...(level !== undefined && { level }),
    won,
    why: whyOf(voice, winner, won),
  }
}

function whyOf({ source, statement }: Voice, winner: Voice | undefined, won: boolean): string {
  const { state } = statement.reading
  if (won && state === 'disabled' && source.restricts) return 'it says no, and a no comes first'
  if (won) return 'it is the first source that has decided'
  if (state === 'undecided') return 'it does not decide'
  return `${winner ? nameOf(winner.statement) : 'another source'} comes first`
}

const defaultName = ({ defaultBy }: ConsentInputs): string => defaultBy ?? "the product's default"

function defaultOpinion(inputs: ConsentInputs, winner: Voice | undefined): Opinion {
  const { default: state } = inputs
  return {
    source: 'default',
    name: defaultName(inputs),
    value: state,
    state,
    won: winner === undefined,
    why: winner ? `${nameOf(winner.statement)} comes first` : 'no other source has decided',
  }
}

function unreadable(voices: readonly Voice[], levels: readonly string[]): string[] {
  return voices
    .filter(
      ({ statement }) => Object.hasOwn(statement.reading, 'unreadable') && statement.problem === undefined,
    )
    .map(
      ({ statement }) =>
        `${nameOf(statement)} is not a value that the usage telemetry understands, so it counts as a no; ${wordsOf(levels)}.`,
    )
}

function unusable(voices: readonly Voice[], state: ConsentState): string[] {
  const outcome = state === 'disabled' ? ' Until then no usage report is sent.' : ''
  return voices.flatMap(({ statement }) =>
    statement.problem ? [`${nameOf(statement)} ${statement.problem}.${outcome}`] : [],
  )
}

/** Sources that contradict the winner: a yes from outside of the product beside a no, and any no that a yes comes before. */
function conflicts(voices: readonly Voice[], winner: Voice | undefined): string[] {
  const state = winner?.statement.reading.state
  if (winner === undefined || state === 'undecided') return []
  const [does, other] = state === 'disabled' ? ['disables', 'enables'] : ['enables', 'disables']
  return voices
    .filter(({ source, statement }) => {
      if (statement.reading.state === 'undecided' || statement.reading.state === state) return false
      return state === 'enabled' ? source.source !== 'seed' : source.locks
    })
    .map(
      ({ statement }) =>
        `${nameOf(statement)} ${other} the usage telemetry, ${nameOf(winner.statement)} ${does} it: it stays ${state}. ` +
        `${winner.source.source === 'stored-choice' ? 'Choose again, or remove that' : 'Remove the one that is not meant'}.`,
    )
}

const nameOf = ({ name, value, title }: Statement): string =>
  title ??
  (/^[\w-]+$/.test(name) ? `${name}=${value ?? ''}` : `${name}${value === undefined ? '' : ` ('${value}')`}`)
