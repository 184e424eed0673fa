import { SEVERITIES } from './texts.ts'
import { FEED_FORMAT } from './types.ts'

const time = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\d(?:T\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,3})?Z)?$',
  description: 'A date, or a time in UTC with seconds.',
}
const address = { type: 'string', pattern: '^https://', maxLength: 500 }
const version = { type: 'string', pattern: '^[0-9A-Za-z][0-9A-Za-z.+-]*$', maxLength: 128 }
const line = (maxLength: number) => ({
  type: 'string',
  minLength: 1,
  maxLength,
  pattern: '^[^\\p{C}\\p{Zl}\\p{Zp}]*$',
})

/**
 * Returns the JSON Schema (draft 2020-12) of a version feed without its envelope. It is for editors and for whoever writes feeds: what reads
 * a feed is stricter, as a schema cannot say that no version is listed twice.
 */
export const feedSchema = (): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Version feed of a product, for otel-usage',
  type: 'object',
  required: ['format', 'product', 'issued'],
  properties: {
    format: { const: FEED_FORMAT },
    product: {
      type: 'string',
      pattern: '^[a-z][a-z0-9-]{0,63}$',
      description: 'Name of the product on the wire.',
    },
    issued: { ...time, description: 'Time at which the feed was made. An older one is refused.' },
    expires: { ...time, description: 'Time after which the feed is refused. Required in a signed feed.' },
    checkAfterHours: {
      type: 'integer',
      minimum: 1,
      maximum: 720,
      description: 'Earliest time from one check to the next.',
    },
    message: { ...line(500), description: 'Message for every installation.' },
    url: { ...address, description: 'Page about the versions.' },
    versions: {
      type: 'array',
      maxItems: 500,
      items: {
        type: 'object',
        required: ['version'],
        properties: {
          version,
          channels: {
            type: 'array',
            minItems: 1,
            maxItems: 8,
            items: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,31}$' },
            default: ['stable'],
          },
          released: time,
          endOfLife: time,
          url: address,
        },
      },
    },
    advisories: {
      type: 'array',
      maxItems: 500,
      items: {
        type: 'object',
        required: ['id', 'severity', 'affected'],
        properties: {
          id: { type: 'string', pattern: '^[0-9A-Za-z][0-9A-Za-z._:-]{0,63}$' },
          severity: { enum: SEVERITIES },
          affected: {
            type: 'string',
            maxLength: 1_000,
            pattern: '^\\s*[<>=]*[0-9A-Za-z]',
            description: 'Range of versions, such as >=2.0.0 <2.4.3 || =2.5.0-rc.1',
          },
          fixedIn: { type: 'array', minItems: 1, maxItems: 16, items: version },
          summary: line(300),
          url: address,
        },
      },
    },
  },
})
