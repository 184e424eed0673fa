/** The product whose hosts are killed, starved and lied to. */
import { defineCatalog } from 'otel-usage'

/** How many series there are to count in. */
export const LANES = 400

/** What a step adds to both parts at once: a report that has one and not the other was torn. */
export const PARTS = ['first', 'second'] as const

export const product = { name: 'acme-db', version: '2.4.0' } as const

export const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.steps': {
      kind: 'count',
      unit: '{step}',
      by: { lane: Array.from({ length: LANES }, (_, lane) => `l${lane}`), part: PARTS },
      since: 1,
      why: 'Shows of each step of a host whether it has arrived, once.',
    },
  },
})
