import { SOURCES, type Source, type Statement, wordsOf } from './sources.ts'
import type { ConsentInputs, ConsentState, Opinion, Verdict } from './types.ts'

/** A source and what it says. */
interface Voice {
  readonly source: Source
  readonly statement: Statement
}

/**
 * The verdict from every source. A pure function of its inputs.
 *
 * A no of the operator's environment comes first, whoever says yes beside it. Otherwise the first source that has decided
 * wins, in the order of {@link SOURCES}; where none has, the product's default stands.
 */
export function decideConsent(inputs: ConsentInputs): Verdict {
  const voices = SOURCES.flatMap((source): Voice[] => {
    const statement = source.read(inputs)
    return statement ? [{ source, statement }] : []
  })
  const winner =
    voices.find(({ source, statement }) => source.locks && statement.reading.state === 'disabled') ??
    voices.find(({ statement }) => statement.reading.state !== 'undecided')
  const state = winner?.statement.reading.state ?? inputs.default

  return {
    state,
    level: state === 'disabled' ? 'off' : levelFrom(voices, winner, inputs.levels),
    source: winner?.source.source ?? 'default',
    because: winner ? nameOf(winner.statement) : "the product's default",
    locked: winner?.source.locks ?? false,
    opinions: [...voices.map((voice) => opinionOf(voice, winner)), defaultOpinion(inputs.default, winner)],
    warnings: [...unreadable(voices, inputs.levels), ...unusable(voices), ...conflicts(voices, winner)],
  }
}

/** The least level that the operator's environment names, or else the winner's; the fullest where nobody names one. */
function levelFrom(voices: readonly Voice[], winner: Voice | undefined, levels: readonly string[]): string {
  const named = voices
    .filter((voice) => voice === winner || voice.source.locks)
    .map(({ statement }) => levels.indexOf(levelOf(statement) ?? ''))
    .filter((place) => place >= 0)
  return levels[named.length > 0 ? Math.min(...named) : levels.length - 1] as string
}

const levelOf = ({ reading }: Statement): string | undefined =>
  'level' in reading ? reading.level : undefined

function opinionOf({ source, statement }: Voice, winner: Voice | undefined): Opinion {
  const level = levelOf(statement)
  const won = winner?.source === source
  return {
    source: source.source,
    name: statement.name,
    ...(statement.value !== undefined && { value: statement.value }),
    state: statement.reading.state,
    ...(level !== undefined && { level }),
    won,
    why: whyOf(source, statement, winner, won),
  }
}

function whyOf(source: Source, { reading }: Statement, winner: Voice | undefined, won: boolean): string {
  if (won && reading.state === 'disabled' && source.locks)
    return 'it says no, and a no of the environment comes first'
  if (won) return 'it is the first source that has decided'
  if (reading.state === 'undecided') return 'it does not decide'
  return `${winner ? nameOf(winner.statement) : 'another source'} comes first`
}

function defaultOpinion(state: ConsentState, winner: Voice | undefined): Opinion {
  return {
    source: 'default',
    name: "the product's default",
    value: state,
    state,
    won: winner === undefined,
    why: winner ? `${nameOf(winner.statement)} comes first` : 'no other source has decided',
  }
}

function unreadable(voices: readonly Voice[], levels: readonly string[]): string[] {
  return voices
    .filter(({ statement }) => 'unreadable' in statement.reading)
    .map(
      ({ statement }) =>
        `${nameOf(statement)} is not a value that the usage telemetry understands, so it counts as a no; ${wordsOf(levels)}.`,
    )
}

function unusable(voices: readonly Voice[]): string[] {
  return voices.flatMap(({ statement }) =>
    statement.problem
      ? [`${nameOf(statement)} ${statement.problem}. Until then no usage report is sent.`]
      : [],
  )
}

function conflicts(voices: readonly Voice[], winner: Voice | undefined): string[] {
  if (winner?.statement.reading.state !== 'disabled') return []
  return voices
    .filter(({ source, statement }) => source.locks && statement.reading.state === 'enabled')
    .map(
      ({ statement }) =>
        `${nameOf(statement)} enables the usage telemetry, ${nameOf(winner.statement)} disables it: it stays disabled. ` +
        'Remove the one that is not meant.',
    )
}

const nameOf = ({ name, value }: Statement): string =>
  /^[A-Z0-9_]+$/.test(name)
    ? `${name}=${value ?? ''}`
    : `${name}${value === undefined ? '' : ` ('${value}')`}`
