import type { CatalogDefinition } from '../../src/catalog/index.ts'

/** A catalog with one fact of every kind and nothing to complain about. */
export const good = {
  version: 2,
  prefix: 'acme',
  levels: ['basic', 'full'],
  facts: {
    'acme.edition': {
      kind: 'attribute',
      type: 'enum',
      values: ['community', 'enterprise'],
      level: 'basic',
      since: 1,
      why: 'Tells which edition to test first.',
      example: 'community',
    },
    'acme.db.version': {
      kind: 'attribute',
      type: 'version',
      level: 'basic',
      since: 1,
      why: 'Tells when support for an old database can end.',
      example: '15.2',
    },
    'acme.backup.enabled': {
      kind: 'attribute',
      type: 'boolean',
      level: 'basic',
      since: 1,
      why: 'Tells whether backups are used at all.',
      example: true,
    },
    'acme.package': {
      kind: 'attribute',
      type: 'string',
      pattern: '[a-z]+(-[a-z]+)*',
      maxLength: 20,
      level: 'basic',
      since: 1,
      why: 'Tells which packages to go on building.',
      example: 'deb',
    },
    'acme.users': {
      kind: 'gauge',
      unit: '{user}',
      round: 'log2',
      level: 'full',
      since: 1,
      why: 'Tells how large installations are.',
      example: 64,
    },
    'acme.commands': {
      kind: 'count',
      unit: '{command}',
      by: { command: ['find', 'insert'], result: ['ok', 'error'] },
      level: 'full',
      since: 2,
      why: 'Tells which commands to make faster.',
    },
  },
} as const satisfies CatalogDefinition
