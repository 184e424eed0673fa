import { defineCatalog } from 'otel-usage'

/** Everything that Acme Notes may report. */
export const catalog = defineCatalog({
  version: 1,
  prefix: 'notes',
  facts: {
    'notes.storage': {
      kind: 'attribute',
      type: 'enum',
      values: ['memory', 'disk'],
      since: 1,
      why: 'Shows which storage the work should go into.',
      example: 'disk',
    },
    'notes.stored': {
      kind: 'gauge',
      unit: '{note}',
      round: 'log2',
      since: 1,
      why: 'Shows for how many notes it must stay fast. Rounded down to a power of two.',
      example: 128,
    },
    'notes.requests': {
      kind: 'count',
      unit: '{request}',
      by: { method: ['GET', 'POST', 'other'], result: ['ok', 'error'] },
      since: 1,
      why: 'Shows whether people read or write, and how often it fails.',
    },
  },
})
