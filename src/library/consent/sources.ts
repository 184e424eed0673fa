import type { Scopes } from '../../catalog/index.ts'
import { isLockedConfiguration } from './configured.ts'
import { meansDevelopment } from './development.ts'
import { readExclusions } from './exclusions.ts'
import { hasProblem } from './stored-choice.ts'
import type { ConsentInputs, ConsentSource } from './types.ts'
import type { Meaning, NamedInputs } from './variables.ts'
import { DISABLING_WORDS, ENABLING_WORDS, optsOut, printable, type Reading, readDecision } from './words.ts'

/** Statement of a source, before it is compared with the others. */
export interface Statement {
  readonly name: string
  readonly value?: string
  readonly reading: Reading
  /** Text that names the source to the operator. Default: name and value. */
  readonly title?: string
  /** Problem for the operator to fix, as the end of a sentence. */
  readonly problem?: string
  /** Time of the statement, as ISO 8601; absent if unknown. */
  readonly since?: string
  /** Facts that the statement covers, as they were declared then. Default: all. */
  readonly facts?: Scopes
  /** `true` for a choice that could not be stored. */
  readonly unstored?: true
  /** Time of the first of the stored choices in a row that say the same, as ISO 8601. */
  readonly heldSince?: string
  /** Version of the catalog that the statement was made under. Default: it covers every version. */
  readonly catalogVersion?: number
  /** Versions of the contributions to the catalog that the statement was made under, by prefix. */
  readonly contributions?: Readonly<Record<string, number>>
}

/** Source of opinions about consent, and its precedence. */
export interface Source {
  readonly source: ConsentSource
  /** `true` if a no of this source beats every yes. Otherwise the first source that has decided wins. */
  readonly restricts: boolean
  /** `true` if the source is set outside of the product, so that no choice in the product can revoke its no. */
  readonly locks: boolean
  /** `true` if a no of this source means a special run or an unusable value: nobody has opted out, and nothing is deleted. */
  readonly isCircumstance?: true
  /** Description in full sentences, for the table of docs/consent.md. */
  readonly about: string
  /** Returns the statements of the source; none if it is not set. */
  read(inputs: NamedInputs): readonly Statement[]
}

/** All sources but the default, in order of precedence. */
export const SOURCES: readonly Source[] = [
  {
    source: 'do-not-track',
    restricts: true,
    locks: true,
    about:
      'The variable `DO_NOT_TRACK` (donottrack.sh), in any case. Anything but empty, 0, false, no and off is a no.',
    read: (inputs) => optOuts(inputs, 'DO_NOT_TRACK'),
  },
  {
    source: 'opt-out-variable',
    restricts: true,
    locks: true,
    about:
      'The variable `<PREFIX>_TELEMETRY_OPTOUT`, under old names of the product too. Read like `DO_NOT_TRACK`. Obvious misspellings count: `_OPT_OUT`, `_DISABLED`, `_DISABLE`.',
    read: (inputs) => optOuts(inputs, 'OPTOUT'),
  },
  {
    source: 'otel-sdk-disabled',
    restricts: true,
    locks: true,
    about: 'The variable `OTEL_SDK_DISABLED` of OpenTelemetry. Read like `DO_NOT_TRACK`.',
    read: (inputs) => optOuts(inputs, 'OTEL_SDK_DISABLED'),
  },
  {
    source: 'executable-name',
    restricts: true,
    locks: true,
    about: 'The name or path of the executable: `donottrack` anywhere in it, in any case, is a no.',
    read: ({ executableName }) =>
      executableName?.toLowerCase().includes('donottrack')
        ? [
            {
              name: 'the name of the executable',
              value: printable(executableName),
              reading: { state: 'disabled' },
            },
          ]
        : [],
  },
  {
    source: 'automation',
    restricts: true,
    locks: true,
    isCircumstance: true,
    about:
      'A CI system, a test runner or an AI agent that runs the process, where the product wants that to be a no. A variable that is set to a word for no (`CI=false`) does not count.',
    read: ({ automation }) =>
      automation === undefined
        ? []
        : [
            {
              name: 'a process that no person runs',
              value: printable(automation),
              reading: { state: 'disabled' },
            },
          ],
  },
  {
    source: 'development',
    restricts: true,
    locks: true,
    isCircumstance: true,
    about:
      'A development run, where the product says how to recognize one: by its own profile, or by a variable that it names, such as `NODE_ENV`, in which `development`, `dev` and `local` mean one, in any case.',
    read: developmentRun,
  },
  {
    source: 'debug-variable',
    restricts: true,
    locks: true,
    isCircumstance: true,
    about:
      'The variable `<PREFIX>_TELEMETRY_DEBUG`: reports are printed and not sent. Read like `DO_NOT_TRACK`.',
    read: (inputs) => optOuts(inputs, 'DEBUG'),
  },
  {
    source: 'endpoint-variable',
    restricts: true,
    locks: true,
    isCircumstance: true,
    about:
      'The variable `<PREFIX>_TELEMETRY_ENDPOINT`, when its address cannot be used: then nothing is sent anywhere.',
    read: ({ endpoint }) =>
      endpoint?.problem === undefined
        ? []
        : [
            {
              name: endpoint.name,
              value: printable(endpoint.value),
              reading: { state: 'disabled' },
              problem: endpoint.problem,
            },
          ],
  },
  {
    source: 'headers-variable',
    restricts: true,
    locks: true,
    isCircumstance: true,
    about:
      'The variable `<PREFIX>_TELEMETRY_HEADERS`, when it cannot be read: then nothing is sent anywhere. Its value is never shown.',
    read: ({ headers }) =>
      headers?.problem === undefined
        ? []
        : [
            {
              name: headers.name,
              title: headers.name,
              reading: { state: 'disabled' },
              problem: headers.problem,
            },
          ],
  },
  {
    source: 'exclude-variable',
    restricts: true,
    locks: true,
    isCircumstance: true,
    about:
      "The product's list of withheld facts, when it names one that does not exist: then nothing is sent, so that the fact that was meant is not sent either.",
    read: (inputs) =>
      [...readExclusions(inputs).unknown].map(([name, word]) => ({
        name,
        value: printable(inputs.environment[name]),
        reading: { state: 'disabled' },
        problem: `names '${printable(word)}', which is not a fact of this product, or of a plugin that is not there yet; correct the name or remove it`,
      })),
  },
  {
    source: 'variable',
    restricts: true,
    locks: true,
    about:
      'The variable `<PREFIX>_TELEMETRY`, under old names of the product too: a word for yes or no, or a level. A misspelt one (`_ENABLED`) can only say no.',
    read: (inputs) => [
      ...decisions(inputs, 'TELEMETRY'),
      ...decisions(inputs, 'NO').filter(({ reading }) => reading.state === 'disabled'),
    ],
  },
  {
    source: 'flag',
    restricts: true,
    locks: true,
    about: "The product's command-line flag: the same words.",
    read: (inputs) => decision('the command-line flag', inputs.flag, inputs),
  },
  {
    source: 'locked-configuration',
    restricts: true,
    locks: true,
    about: "The product's configuration, when the product locks it: the same words.",
    read: (inputs) =>
      isLockedConfiguration(inputs.configured)
        ? decision(CONFIGURATION, inputs.configured.value, inputs)
        : unreadableConfiguration(inputs),
  },
  {
    source: 'state',
    restricts: false,
    locks: false,
    isCircumstance: true,
    about:
      'The state of the product, when it does not outlive the process. Each start would be another installation, so only a yes ' +
      'of the sources above counts, or a choice that is made in the same process.',
    read: ({ stateProblem }) =>
      stateProblem === undefined
        ? []
        : [
            {
              name: 'the state of the product',
              title: `the stored state does not outlive this process: ${printable(stateProblem)}`,
              reading: { state: 'disabled' },
            },
          ],
  },
  {
    source: 'stored-choice',
    restricts: true,
    locks: false,
    about: 'What an administrator has chosen, from the state store. A choice that cannot be read is a no.',
    read: (inputs) => (isSeed(inputs) ? [] : storedChoice(inputs)),
  },
  {
    source: 'configuration',
    restricts: false,
    locks: false,
    about: "The product's configuration, unless it is locked: it applies until somebody chooses.",
    read: (inputs) =>
      isLockedConfiguration(inputs.configured) ? [] : decision(CONFIGURATION, inputs.configured, inputs),
  },
  {
    source: 'seed',
    restricts: false,
    locks: false,
    about: 'The seed: the decision for the first start. It is stored, and a later seed changes nothing.',
    read: (inputs) =>
      isSeed(inputs) ? storedChoice(inputs) : decision('the seed for the first start', inputs.seed, inputs),
  },
]

/** Returns advice with the words that a source understands, for a message about another word. */
export const wordsOf = (levels: readonly string[]): string =>
  `use ${[...levels, 'on'].map((word) => `'${word}'`).join(', ')} or 'off' ` +
  `(also ${[...ENABLING_WORDS.slice(4, 5), ...DISABLING_WORDS.slice(4, 5), 'true', 'false', '1', '0'].join(', ')})`

function optOuts({ environment, names }: NamedInputs, meaning: Meaning): Statement[] {
  return names[meaning].flatMap((name) => {
    const value = environment[name]
    if (value === undefined) return []
    return [{ name, value: printable(value), reading: { state: optsOut(value) ? 'disabled' : 'undecided' } }]
  })
}

const decisions = (inputs: NamedInputs, meaning: Meaning): Statement[] =>
  inputs.names[meaning].flatMap((name) => decision(name, inputs.environment[name], inputs))

function decision(name: string, value: unknown, { levels }: ConsentInputs): Statement[] {
  if (value === undefined || value === null) return []
  return [{ name, value: printable(value), reading: readDecision(value, levels) }]
}

const CONFIGURATION = 'the configuration'

function developmentRun({ development, developmentProblem, environment }: NamedInputs): Statement[] {
  if (typeof development === 'string') {
    const value = environment[development]?.trim()
    if (!value) return []
    const state = meansDevelopment(value) ? 'disabled' : 'undecided'
    return [{ name: development, value: printable(value), reading: { state } }]
  }
  if (development !== true) return []
  const statement = { name: 'the development profile', reading: { state: 'disabled' } } as const
  if (developmentProblem === undefined) return [statement]
  const problem = `cannot be read (${printable(developmentProblem)}), so it counts as a no; correct it`
  return [{ ...statement, problem }]
}

/** Returns a no for a configuration that cannot be read: it may say no, and may be locked. */
function unreadableConfiguration({ configurationProblem }: ConsentInputs): Statement[] {
  if (configurationProblem === undefined) return []
  const problem = `cannot be read (${printable(configurationProblem)}), so it counts as a no; correct it`
  return [{ name: CONFIGURATION, reading: { state: 'disabled', unreadable: true }, problem }]
}

const isSeed = ({ stored }: ConsentInputs): boolean =>
  stored !== undefined && Object.hasOwn(stored, 'seed') && Reflect.get(stored, 'seed') === true

function storedChoice({ stored, levels }: ConsentInputs): Statement[] {
  if (stored === undefined) return []
  if (hasProblem(stored)) {
    return [
      {
        name: 'the stored choice',
        reading: { state: 'disabled', unreadable: true },
        problem: stored.problem,
      },
    ]
  }
  const {
    state,
    level,
    at,
    by,
    heldSince = stored.at,
    catalogVersion,
    contributions,
    facts,
    seed,
    unstored,
    location,
  } = stored
  const name = seed
    ? 'the seed for the first start'
    : `the choice of ${printable(by)} on ${at}${unstored ? ', which is not stored yet' : ''}${location ? `, in ${location}` : ''}`
  const value = printable(level ?? state)
  const since = at
  if (level !== undefined && !levels.includes(level)) {
    return [{ name, value, since, reading: { state: 'disabled', unreadable: true } }]
  }
  const reading = state === 'enabled' && level !== undefined ? { state, level } : { state }
  const versions = {
    ...{ heldSince, catalogVersion },
    ...(contributions && { contributions }),
    ...(facts && { facts }),
    ...(unstored && { unstored }),
  }
  return [{ name, value, ...(!seed && { title: name }), since, ...versions, reading }]
}
