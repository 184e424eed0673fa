import { QUESTIONS } from '../insights/index.ts'

const text = { type: 'string' } as const
const textOrNull = { type: ['string', 'null'] } as const
const count = { type: 'integer', minimum: 0 } as const
const day = { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' } as const

const object = (
  required: Readonly<Record<string, unknown>>,
  optional: Readonly<Record<string, unknown>> = {},
) => ({
  type: 'object',
  required: Object.keys(required),
  properties: { ...required, ...optional },
})

const list = (items: unknown) => ({ type: 'array', items })

const question = {
  id: { ...text, description: 'Name of the files of the chart, without their ending.' },
  title: text,
  decision: { ...text, description: 'The decision that the answer serves.' },
  question: { enum: Object.keys(QUESTIONS) },
  product: text,
}

/** JSON Schema of the data of a report. Fields are added to these, and none is removed or changes its meaning. */
export const REPORT_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Data of a community report by otel-usage',
  description: 'report.json is an index; each file in data/ that ends in .json is an answer.',
  anyOf: [{ $ref: '#/$defs/index' }, { $ref: '#/$defs/answer' }],
  $defs: {
    index: object({
      format: { const: 'otel-usage/community-report/1' },
      title: text,
      lastUpdated: { ...text, description: 'Time of the last change of the data, as in RFC 3339.' },
      smallestGroup: count,
      products: list(
        object({
          name: text,
          title: text,
          until: { ...day, description: 'Last day of the answers (UTC).' },
          activeInstallations: {
            type: ['integer', 'null'],
            description: 'In the 28 days up to then; null if they are too few to be shown.',
          },
          newestVersion: { anyOf: [{ type: 'null' }, object({ version: text, share: text })] },
          facts: list(
            object({
              name: text,
              why: text,
              since: { type: 'integer' },
              level: textOrNull,
              owner: textOrNull,
              expires: textOrNull,
              data: textOrNull,
            }),
          ),
        }),
      ),
      questions: list(object({ ...question, data: text, csv: text, chart: text })),
      files: { ...list(text), description: 'All files of the report but this one.' },
    }),
    answer: object({
      format: { const: 'otel-usage/community-report-answer/1' },
      ...question,
      arguments: { type: 'object' },
      period: object({ from: day, until: day, days: count }),
      installations: {
        type: ['integer', 'null'],
        description: 'Number of installations that the answer rests on; null if it is not shown.',
      },
      filters: list(text),
      leftOut: list(text),
      smallestGroup: count,
      withheldGroups: count,
      isRounded: {
        type: 'boolean',
        description: 'true: numbers are rounded down to a multiple of smallestGroup.',
      },
      facts: list(
        object({
          name: text,
          level: textOrNull,
          rounding: textOrNull,
          epsilon: { type: ['number', 'null'] },
        }),
      ),
      source: object({ table: text, since: textOrNull, asOf: textOrNull }),
      notes: list(text),
      columns: {
        type: 'object',
        description:
          'Columns of the rows, in order. A share is a number from 0 to 1; a number that is withheld or not known is null.',
        additionalProperties: { enum: ['text', 'day', 'count', 'share', 'number'] },
      },
      rows: list({ type: 'object', additionalProperties: { type: ['string', 'number', 'null'] } }),
    }),
  },
} as const
