/** JSON Schemas (2020-12) of the documents that the commands print with `--json`, by command. */

/** JSON Schema, as far as it is used here. */
export type Schema = Readonly<Record<string, unknown>>

const text = { type: 'string' }
const texts = { type: 'array', items: text }
const count = { type: 'integer', minimum: 0 }
const flag = { type: 'boolean' }
const time = { type: 'string', description: 'ISO 8601, UTC.' }
const hash = { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'SHA-256 in hexadecimal digits.' }
const words = (...values: string[]) => ({ type: 'string', enum: values })
const list = (items: Schema) => ({ type: 'array', items })
const ref = (name: string) => ({ $ref: `#/$defs/${name}` })

/** Returns an object with these members, and no others. The names of optional ones end in `?`. */
function object(members: Readonly<Record<string, Schema>>, description?: string): Schema {
  const names = Object.keys(members)
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    properties: Object.fromEntries(names.map((name) => [name.replace('?', ''), members[name]])),
    required: names.filter((name) => !name.endsWith('?')),
    additionalProperties: false,
  }
}

const state = words('enabled', 'disabled', 'undecided')
const outcome = words('suppressed', 'queued', 'sent', 'exported', 'refused', 'discarded', 'too-large')
const numbers = { type: 'object', additionalProperties: { type: 'integer' } }
const values = { type: 'object', description: 'Values by the name of their fact.' }

const DEFINITIONS = {
  verdict: object(
    {
      state,
      'disabledBy?': words('person', 'circumstance', 'product'),
      level: text,
      source: text,
      because: text,
      locked: flag,
      'since?': time,
      'heldSince?': time,
      'unstored?': { const: true },
      permitted: object({
        'level?': text,
        'catalogVersion?': count,
        'newer?': texts,
        'contributions?': numbers,
        excluded: texts,
      }),
      opinions: list(
        object({ source: text, name: text, 'value?': text, state, 'level?': text, won: flag, why: text }),
      ),
      'variables?': { type: 'object', additionalProperties: text },
      warnings: texts,
    },
    'Decision about sending, with everything that led to it.',
  ),
  facts: object({
    attributes: values,
    points: list(
      object({
        name: text,
        unit: text,
        kind: words('gauge', 'count'),
        attributes: { type: 'object', additionalProperties: text },
        value: { type: 'number' },
      }),
    ),
  }),
  preview: object({
    wouldBeSent: flag,
    facts: ref('facts'),
    bytes: { type: 'string', description: 'Bytes of the report, before compression.' },
  }),
  entry: object({ at: time, reportId: text, outcome, reason: text, endpoint: text, size: count }),
  outcome: object({ outcome, reason: text, 'reportId?': text }),
  error: object({ error: object({ code: text, message: text }) }, 'What was printed instead of a result.'),
} as const

const choice = object({ verdict: ref('verdict') })
const compared = object({ 'reportId?': text, 'at?': time })

const DOCUMENTS: Readonly<Record<string, Schema>> = {
  status: object({
    product: object({
      name: text,
      title: text,
      version: text,
      'homepage?': text,
      environmentPrefix: text,
    }),
    verdict: ref('verdict'),
    'endpoint?': text,
    'disclosure?': text,
    'nextReportAt?': time,
    'lastReport?': object({ reportId: text, at: time, outcome, reason: text }),
    delivery: object({
      waiting: count,
      failures: count,
      'lastReportAt?': time,
      'lastAttemptAt?': time,
      'lastSuccessAt?': time,
      'retryAt?': time,
    }),
    'installation?': object({ 'id?': text, 'createdAt?': time, adopted: flag }),
    state: object({ location: text, durable: flag, problems: texts }),
    'ledger?': object({ location: text }),
    'version?': object({
      checks: words('on', 'waiting', 'off'),
      because: text,
      mode: words('with-telemetry', 'independent', 'never'),
      'feed?': text,
      'notice?': object({
        version: text,
        condition: words('current', 'unknown', 'outdated', 'end-of-life', 'vulnerable'),
        'latest?': text,
        'latestInLine?': text,
        'endOfLife?': text,
        severity: text,
        advisories: list(
          object({
            id: text,
            severity: text,
            fixedIn: texts,
            'summary?': text,
            'url?': text,
            'acknowledged?': object({ by: text, until: time }),
          }),
        ),
        message: text,
        'announcement?': text,
        'url?': text,
        source: words('feed', 'header'),
      }),
      'lastCheckAt?': time,
      'nextCheckAt?': time,
      failures: object({ unreachable: count, refused: count }),
      'lastFailure?': text,
    }),
    dropped: list(object({ name: text, reason: text, count })),
    facts: object({ reported: texts, newer: texts, aboveLevel: texts, excluded: texts, expired: texts }),
  }),
  explain: choice,
  on: choice,
  off: choice,
  reset: choice,
  level: choice,
  preview: {
    anyOf: [
      ref('preview'),
      object({ levels: { type: 'object', additionalProperties: ref('preview') } }, 'With --all, by level.'),
    ],
  },
  log: {
    anyOf: [
      object({ entries: list(ref('entry')) }),
      { ...ref('entry'), description: 'With --follow, a line each.' },
    ],
  },
  show: object({
    reportId: text,
    outcomes: list(object({ at: time, outcome, reason: text, endpoint: text })),
    facts: values,
    'sha256?': hash,
    'bytes?': { type: 'string', description: 'Bytes of the report as they were sent, before compression.' },
  }),
  diff: object({
    from: compared,
    to: { ...compared, description: 'Without members for the next report.' },
    changes: list(object({ name: text, 'before?': {}, 'after?': {} })),
  }),
  report: ref('outcome'),
  export: {
    anyOf: [
      object({
        outcome: { const: 'exported' },
        reason: text,
        file: text,
        checksumFile: text,
        sha256: hash,
        size: count,
        reportIds: texts,
        importCommand: text,
        complete: { type: 'boolean', description: 'false if reports still wait, for the next file.' },
      }),
      object({ outcome, reason: text, reportIds: { type: 'array', maxItems: 0 } }),
    ],
  },
  forget: ref('outcome'),
  facts: object({
    facts: list(
      object({
        name: text,
        kind: words('attribute', 'gauge', 'count'),
        'type?': text,
        'unit?': text,
        level: text,
        since: count,
        why: text,
        'owner?': text,
        'review?': text,
        'expires?': text,
        state: words('reported', 'newer', 'aboveLevel', 'excluded', 'expired'),
      }),
    ),
  }),
  history: object({
    choices: list(
      object({
        at: time,
        state,
        'level?': text,
        by: text,
        productVersion: text,
        catalogVersion: count,
        'contributions?': numbers,
        'seed?': { const: true },
      }),
    ),
  }),
}

/** Returns the definitions that a document refers to, and those that these refer to. */
function definitionsIn(document: Schema): Record<string, Schema> {
  const found: Record<string, Schema> = { error: DEFINITIONS.error }
  const look = (schema: Schema) => {
    for (const [, name = ''] of JSON.stringify(schema).matchAll(/#\/\$defs\/(\w+)/g)) {
      if (Object.hasOwn(found, name)) continue
      found[name] = DEFINITIONS[name as keyof typeof DEFINITIONS]
      look(found[name])
    }
  }
  look(document)
  return found
}

/** Schemas by command. A command that fails prints an error instead of its document. */
export const COMMAND_SCHEMAS: Readonly<Record<string, Schema>> = Object.fromEntries(
  Object.entries(DOCUMENTS).map(([command, document]) => [
    command,
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: `telemetry ${command} --json`,
      anyOf: [document, ref('error')],
      $defs: definitionsIn(document),
    },
  ]),
)
