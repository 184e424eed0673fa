import { type PermittedFacts, widenedFacts } from '../../catalog/index.ts'
import { ownOf } from '../../platform/index.ts'
import { readExclusions } from './exclusions.ts'
import { SOURCES, type Source, type Statement, wordsOf } from './sources.ts'
import type { ConsentInputs, ConsentState, DisabledBy, Opinion, Verdict } from './types.ts'
import { type NamedInputs, type NamedVariables, variablesIn, warningsOfMisspelt } from './variables.ts'

/** One statement of a source: a candidate for the verdict. */
interface Candidate {
  readonly source: Source
  readonly statement: Statement
}

/**
 * Returns the verdict that follows from all sources. A pure function of its inputs.
 *
 * A no of the operator (environment, flag, locked configuration, stored choice) beats every yes. Otherwise the first source that has
 * decided wins, in the order of {@link SOURCES}. If no source has decided, the product's default applies.
 *
 * @param variables The operator's variables in `given.environment`.
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

/** Returns `true` if reports may be sent although the state does not outlive the process: somebody has said yes for this process. */
export function holdsWithoutState(verdict: Verdict): boolean {
  const { state, source, unstored } = ownOf(verdict)
  return (
    state === 'enabled' && (unstored === true || SOURCES.some((one) => one.source === source && one.locks))
  )
}

function decide(inputs: NamedInputs): Verdict {
  const candidates = SOURCES.filter(({ source }) => !inputs.ignore?.includes(source)).flatMap(
    (source): Candidate[] =>
      source.read(inputs).map((statement) => ({
        source,
        statement: ownOf({ ...statement, reading: ownOf(statement.reading) }),
      })),
  )
  const overruling = candidates.find(
    ({ source, statement }) =>
      inputs.overruleStoredNo?.some((one) => one === source.source) && statement.reading.state === 'enabled',
  )
  const refusals = candidates.filter(
    ({ source, statement }) =>
      source.restricts &&
      statement.reading.state === 'disabled' &&
      !(overruling && source.source === 'stored-choice'),
  )
  const winner = refusals[0] ?? candidates.find(({ statement }) => statement.reading.state !== 'undecided')
  const state = winner?.statement.reading.state ?? inputs.default
  const level = levelFrom(candidates, inputs.levels)
  const since = winner?.statement.since ?? inputs.startedAt

  return {
    state,
    ...(state === 'disabled' && { disabledBy: disabledBy(refusals, winner) }),
    level: state === 'disabled' ? 'off' : level,
    source: winner?.source.source ?? 'default',
    because: winner ? nameOf(winner.statement) : defaultName(inputs),
    locked:
      winner !== undefined && ((winner === refusals[0] && winner.source.locks) || winner === overruling),
    ...(since !== undefined && { since }),
    ...(winner?.statement.unstored && { unstored: true }),
    ...(winner?.statement.heldSince !== undefined && { heldSince: winner.statement.heldSince }),
    permitted: permittedFactsOf(state, level, winner?.statement, inputs),
    ...(inputs.variables && { variables: inputs.variables }),
    opinions: [
      ...candidates.map((candidate) => opinionOf(candidate, winner)),
      defaultOpinion(inputs, winner),
    ],
    warnings: [
      ...unreadable(candidates, inputs.levels),
      ...unusable(candidates, state),
      ...warningsOfMisspelt(inputs),
      ...(inputs.warnings ?? []),
      ...conflicts(candidates, winner),
    ],
  }
}

function disabledBy(refusals: readonly Candidate[], winner: Candidate | undefined): DisabledBy {
  if (refusals.some((candidate) => !isCircumstance(candidate))) return 'person'
  return winner && isCircumstance(winner) ? 'circumstance' : 'product'
}

/** Returns `true` for a no that is not a person's decision. An unreadable value may be a typing error. */
const isCircumstance = ({ source, statement }: Candidate): boolean =>
  Object.hasOwn(source, 'isCircumstance') || Object.hasOwn(statement.reading, 'unreadable')

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
 * Returns the lowest level that the operator's environment names. If it names none, the first other source that names one sets it, so that
 * its yes is not extended: the winner, or a source after it. If no source names a level, it is the highest.
 */
function levelFrom(candidates: readonly Candidate[], levels: readonly string[]): string {
  const ranksOf = (some: readonly Candidate[]) =>
    some.map(({ statement }) => levels.indexOf(levelOf(statement) as string)).filter((rank) => rank >= 0)
  const first = ranksOf(candidates.filter(({ source }) => source.locks))
  const ranks = first.length > 0 ? first : ranksOf(candidates).slice(0, 1)
  return levels[ranks.length > 0 ? Math.min(...ranks) : levels.length - 1] as string
}

const levelOf = ({ reading }: Statement): string | undefined =>
  'level' in reading ? reading.level : undefined

function opinionOf(candidate: Candidate, winner: Candidate | undefined): Opinion {
  const { source, statement } = candidate
  const level = levelOf(statement)
  const won = winner === candidate
  return {
    source: source.source,
    name: statement.name,
    ...(statement.value !== undefined && { value: statement.value }),
    state: statement.reading.state,
    ...(level !== undefined && { level }),
    won,
    why: whyOf(candidate, winner, won),
  }
}

function whyOf({ source, statement }: Candidate, winner: Candidate | undefined, won: boolean): string {
  const { state } = statement.reading
  if (won && state === 'disabled' && source.restricts) return 'it says no, and a no comes first'
  if (won) return 'it is the first source that has decided'
  if (state === 'undecided') return 'it does not decide'
  return `${nameOf((winner as Candidate).statement)} comes first`
}

const defaultName = ({ defaultBy }: ConsentInputs): string => defaultBy ?? "the product's default"

function defaultOpinion(inputs: ConsentInputs, winner: Candidate | undefined): Opinion {
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

function unreadable(candidates: readonly Candidate[], levels: readonly string[]): string[] {
  return candidates
    .filter(
      ({ statement }) => Object.hasOwn(statement.reading, 'unreadable') && statement.problem === undefined,
    )
    .map(
      ({ statement }) =>
        `${nameOf(statement)} is not a value that the usage telemetry understands, so it counts as a no; ${wordsOf(levels)}.`,
    )
}

function unusable(candidates: readonly Candidate[], state: ConsentState): string[] {
  const outcome = state === 'disabled' ? ' Until then no usage report is sent.' : ''
  return candidates.flatMap(({ statement }) =>
    statement.problem ? [`${nameOf(statement)} ${statement.problem}.${outcome}`] : [],
  )
}

/** Returns a warning for each source that contradicts the winner: a yes from outside of the product against a no, or a no against a yes. */
function conflicts(candidates: readonly Candidate[], winner: Candidate | undefined): string[] {
  const state = winner?.statement.reading.state
  if (winner === undefined) return []
  const [does, other] = state === 'disabled' ? ['disables', 'enables'] : ['enables', 'disables']
  return candidates
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

function nameOf({ name, value, title }: Statement): string {
  if (title !== undefined || value === undefined) return title ?? name
  return /^[\w-]+$/.test(name) ? `${name}=${value}` : `${name} ('${value}')`
}
