/** Bodies of requests and answers. The types of the library are checked against them, and the OpenAPI document is made from them. */
import * as v from 'valibot'
import type { ConsentSource } from '../../library/consent/index.ts'

const list = <S extends v.GenericSchema>(item: S) => v.pipe(v.array(item), v.readonly())
const texts = list(v.string())
const time = v.pipe(v.string(), v.description('ISO 8601, UTC'))
const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const named = v.record(v.string(), v.string())

export const State = v.picklist(['enabled', 'disabled', 'undecided'])
export const Outcome = v.picklist([
  'suppressed',
  'queued',
  'sent',
  'exported',
  'refused',
  'discarded',
  'too-large',
])

const SOURCES = [
  ...([
    'do-not-track',
    'opt-out-variable',
    'otel-sdk-disabled',
    'executable-name',
    'automation',
    'development',
  ] as const),
  ...([
    'debug-variable',
    'endpoint-variable',
    'headers-variable',
    'exclude-variable',
    'variable',
    'flag',
  ] as const),
  ...(['locked-configuration', 'state', 'stored-choice', 'configuration', 'seed', 'default'] as const),
] satisfies readonly ConsentSource[]

const Source = v.picklist(SOURCES)

const Opinion = v.object({
  source: v.string(),
  name: v.string(),
  value: v.optional(v.string()),
  state: State,
  level: v.optional(v.string()),
  won: v.boolean(),
  why: v.string(),
})

export const Verdict = v.object({
  state: State,
  disabledBy: v.optional(v.picklist(['person', 'circumstance', 'product'])),
  level: v.pipe(v.string(), v.description('Level of consent; off when nothing may be sent')),
  source: Source,
  because: v.string(),
  locked: v.pipe(v.boolean(), v.description('No choice here can change the verdict')),
  since: v.optional(time),
  heldSince: v.optional(time),
  unstored: v.optional(v.literal(true)),
  permitted: v.object({
    level: v.optional(v.string()),
    catalogVersion: v.optional(v.number()),
    newer: v.optional(texts),
    contributions: v.optional(v.record(v.string(), v.number())),
    excluded: texts,
  }),
  opinions: list(Opinion),
  variables: v.optional(named),
  warnings: texts,
})

const severity = v.picklist(['none', 'low', 'medium', 'high', 'critical'])

const Notice = v.object({
  version: v.string(),
  condition: v.picklist(['current', 'unknown', 'outdated', 'end-of-life', 'vulnerable']),
  latest: v.optional(v.string()),
  latestInLine: v.optional(v.string()),
  endOfLife: v.optional(v.string()),
  severity,
  advisories: list(
    v.object({
      id: v.string(),
      severity,
      fixedIn: texts,
      summary: v.optional(v.string()),
      url: v.optional(v.string()),
      acknowledged: v.optional(v.object({ by: v.string(), until: time })),
    }),
  ),
  message: v.string(),
  announcement: v.optional(v.string()),
  url: v.optional(v.string()),
  source: v.picklist(['feed', 'header']),
})

/** State of the version checks, with the notice. */
export const VersionState = v.object({
  checks: v.picklist(['on', 'waiting', 'off']),
  because: v.string(),
  mode: v.picklist(['with-telemetry', 'independent', 'never']),
  feed: v.optional(v.string()),
  notice: v.optional(Notice),
  lastCheckAt: v.optional(time),
  nextCheckAt: v.optional(time),
  failures: v.object({ unreachable: count, refused: count }),
  lastFailure: v.optional(v.string()),
})

export const Version = v.object({
  running: v.pipe(v.string(), v.description('Version of the product that runs')),
  state: v.optional(v.pipe(VersionState, v.description('Absent if the product makes no version checks'))),
})

export const Checked = v.object({
  outcome: v.picklist(['changed', 'unchanged', 'refused', 'unreachable', 'off']),
  reason: v.string(),
})

export const Acknowledgement = v.strictObject({
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(128), v.description('Id of an advisory of the notice')),
  until: v.pipe(v.string(), v.isoTimestamp(), v.description('At most 366 days from now')),
})

export const Status = v.object({
  product: v.object({
    name: v.string(),
    title: v.string(),
    version: v.string(),
    homepage: v.optional(v.string()),
    environmentPrefix: v.string(),
  }),
  verdict: Verdict,
  disclosure: v.optional(v.string()),
  endpoint: v.optional(v.string()),
  nextReportAt: v.optional(time),
  delivery: v.object({
    waiting: count,
    failures: count,
    lastReportAt: v.optional(time),
    lastAttemptAt: v.optional(time),
    lastSuccessAt: v.optional(time),
    retryAt: v.optional(time),
  }),
  installation: v.optional(
    v.object({ id: v.optional(v.string()), createdAt: v.optional(time), adopted: v.boolean() }),
  ),
  state: v.object({ location: v.string(), durable: v.boolean(), problems: texts }),
  ledger: v.optional(v.object({ location: v.string() })),
  dropped: list(v.object({ name: v.string(), reason: v.string(), count })),
  version: v.optional(VersionState),
  facts: v.object({ reported: texts, newer: texts, aboveLevel: texts, excluded: texts, expired: texts }),
})

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))

/** Exact bytes of a report. They are text, and JSON holds them without loss. */
const Bytes = v.object({ size: count, sha256, text: v.string() })

export const Preview = v.object({
  wouldBeSent: v.boolean(),
  facts: v.object({
    attributes: v.record(v.string(), v.unknown()),
    points: list(
      v.object({
        name: v.string(),
        unit: v.string(),
        kind: v.picklist(['gauge', 'count']),
        attributes: named,
        value: v.number(),
      }),
    ),
  }),
  table: v.pipe(v.string(), v.description('The facts as a table, or the reason why there is no report')),
  report: v.optional(Bytes),
})

/** Facts of a report by name; a number with dimensions has them in braces: `acme.commands{command=find}`. */
const Facts = v.record(v.string(), v.unknown())

export const Entry = v.object({
  at: time,
  reportId: v.string(),
  outcome: Outcome,
  reason: v.string(),
  endpoint: v.string(),
  size: count,
  sha256: v.optional(v.pipe(sha256, v.description('Absent if the bytes are not kept'))),
  facts: v.optional(Facts),
})

export const Page = v.object({
  entries: list(Entry),
  next: v.optional(
    v.pipe(v.string(), v.description('Cursor of the next, older page; absent on the last one')),
  ),
})

export const Report = v.object({
  reportId: v.string(),
  entries: list(Entry),
  facts: v.optional(Facts),
  report: v.optional(Bytes),
})

const Compared = v.object({ reportId: v.optional(v.string()), at: v.optional(time) })

export const Comparison = v.object({
  from: Compared,
  to: Compared,
  changes: list(
    v.object({ name: v.string(), before: v.optional(v.unknown()), after: v.optional(v.unknown()) }),
  ),
})

export const FactList = v.object({
  facts: list(
    v.object({
      name: v.string(),
      kind: v.picklist(['attribute', 'gauge', 'count']),
      type: v.optional(v.string()),
      unit: v.optional(v.string()),
      level: v.string(),
      since: count,
      why: v.string(),
      owner: v.optional(v.string()),
      review: v.optional(v.string()),
      expires: v.optional(v.string()),
      state: v.picklist(['reported', 'newer', 'aboveLevel', 'excluded', 'expired']),
    }),
  ),
  levels: v.pipe(texts, v.description('Levels of the catalog, least first')),
})

export const Made = v.object({ outcome: Outcome, reason: v.string(), reportId: v.optional(v.string()) })

export const Choice = v.object({
  at: time,
  state: State,
  level: v.optional(v.string()),
  by: v.string(),
  productVersion: v.string(),
  catalogVersion: v.number(),
  contributions: v.optional(v.record(v.string(), v.number())),
  seed: v.optional(v.literal(true)),
})

export const History = v.object({ choices: list(Choice) })

/** Content of a page beside the status. */
export const About = v.object({
  prefix: v.pipe(v.string(), v.description("Prefix of the names of the catalog's facts")),
  levels: v.pipe(texts, v.description('Levels of consent, the least one first')),
  you: v.object({ by: v.string(), write: v.boolean() }),
  neverCollected: texts,
  legalNote: v.optional(v.string()),
  receiver: v.optional(
    v.object({
      operator: v.string(),
      seenBy: v.string(),
      retention: v.union([v.string(), named]),
      erasure: v.string(),
    }),
  ),
})

/** Numbers that reports of the log have, by fact: the sum over the dimensions of each. */
export const Series = v.object({
  facts: v.record(v.string(), list(v.object({ at: time, value: v.number() }))),
})

const word = v.pipe(v.string(), v.minLength(1), v.maxLength(64))

/** Returns the schema of a decision: consent as a person wants it, and as that person has seen it. */
export const decisionAmong = (levels: readonly string[]) =>
  v.strictObject({
    decision: v.pipe(
      v.picklist(['enabled', 'on', 'disabled', 'off', 'undecided', ...levels]),
      v.description('A state, or a level of the catalog'),
    ),
    expected: v.pipe(
      v.strictObject({
        state: State,
        level: v.exactOptional(word),
        source: v.exactOptional(Source),
        since: v.exactOptional(word),
      }),
      v.description('Verdict that the person has seen; if another one holds by now, nothing is changed'),
    ),
  })

export const Nothing = v.strictObject({})

export const Problem = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  mistakes: v.optional(texts),
  source: v.optional(v.pipe(v.string(), v.description('Source that has locked the consent'))),
  name: v.optional(v.pipe(v.string(), v.description('Name of that source, as the operator knows it'))),
  because: v.optional(v.pipe(v.string(), v.description('Name and value of that source'))),
  verdict: v.optional(Verdict),
})
export type Problem = v.InferOutput<typeof Problem>

/** Schemas that the OpenAPI document names, so that a reader and a generated client find them once. */
export const NAMED = {
  ...{ Verdict, Status, Preview, Entry, Page, Report, Made, Choice, History, Problem },
  ...{ VersionState, Version, Checked, Acknowledgement, Comparison, FactList, About, Series },
}

/** Types of the answers, for the page. */
export type Answers = { [Name in keyof typeof NAMED]: v.InferOutput<(typeof NAMED)[Name]> }

export type Decision = v.InferOutput<ReturnType<typeof decisionAmong>>
