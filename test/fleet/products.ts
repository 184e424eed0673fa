import { defineCatalog, type Facts } from '../../src/catalog/index.ts'

const why = 'Shows what the fleet is made of.'

const firstFacts = {
  'acme.edition': {
    kind: 'attribute',
    type: 'enum',
    values: ['community', 'team', 'enterprise'],
    level: 'basic',
    since: 1,
    why,
    example: 'community',
  },
  'acme.db.version': { kind: 'attribute', type: 'version', level: 'basic', since: 1, why, example: '15.2' },
  'acme.clustered': { kind: 'attribute', type: 'boolean', level: 'full', since: 1, why, example: true },
  'acme.tables': { kind: 'gauge', unit: '{table}', level: 'basic', since: 1, why, example: 3 },
  'acme.users': { kind: 'gauge', unit: '{user}', round: 'log2', level: 'full', since: 1, why, example: 8 },
  'acme.starts': { kind: 'count', unit: '{start}', level: 'basic', since: 1, why },
} satisfies Facts

const laterFacts = {
  'acme.storage': {
    kind: 'attribute',
    type: 'enum',
    values: ['heap', 'columns', 'memory'],
    level: 'full',
    since: 2,
    why,
    example: 'heap',
  },
  'acme.commands': {
    kind: 'count',
    unit: '{command}',
    by: { command: ['find', 'insert', 'drop'], result: ['ok', 'error'] },
    level: 'full',
    since: 2,
    why,
  },
} satisfies Facts

/** The second version came with release 3: both send at the same time. */
const catalogs = [
  defineCatalog({ version: 1, prefix: 'acme', levels: ['basic', 'full'], facts: firstFacts }),
  defineCatalog({
    version: 2,
    prefix: 'acme',
    levels: ['basic', 'full'],
    facts: { ...firstFacts, ...laterFacts },
  }),
] as const

export type FleetCatalog = (typeof catalogs)[number]

/** The catalog that a release of any of the products was made with. */
export const catalogOf = (release: string): FleetCatalog => catalogs[release.startsWith('2.') ? 0 : 1]

/** The products of the fleet: one for each way to tell installations apart. */
export const PRODUCTS = [
  { name: 'acme-db', identity: 'stable', share: 0.7 },
  { name: 'acme-cache', identity: 'rotating', share: 0.15 },
  { name: 'acme-cli', identity: 'none', share: 0.15 },
] as const

export type Product = (typeof PRODUCTS)[number]

/** What the gateway is told of them. */
export const gatewayProducts = PRODUCTS.flatMap(({ name }) => catalogs.map((catalog) => ({ name, catalog })))

/** Releases, oldest first, and at which share of the simulated time each came out. */
export const RELEASES = [
  ['2.3.4', 0],
  ['2.4.0', 0],
  ['2.5.0', 0],
  ['2.5.1', 0.15],
  ['3.0.0-rc.1', 0.3],
  ['3.0.0', 0.45],
  ['3.0.1', 0.6],
  ['3.1.0', 0.85],
] as const
