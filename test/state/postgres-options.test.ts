/** What is wrong with the options of the PostgreSQL store is found before anything is asked of the database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPostgresStore, type PostgresStoreOptions } from '../../src/state/index.ts'

const pool = { query: async () => ({ rows: [] }) }

for (const [what, options, message] of [
  ['no name', { table: '' }, /table: is ''/],
  [
    'a schema within the table',
    { table: 'acme.state' },
    /table: is 'acme\.state'.*the option schema sets the schema/,
  ],
  ['a name that the database would cut off', { table: 'ü'.repeat(32) }, /1 to 63 bytes/],
  ['a name with a zero', { schema: 'a\0b' }, /schema: is/],
  ['no pool', { pool: {} as never }, /pool: is an object; pass a pool/],
  ['no scope', { scope: '' }, /scope: is ''/],
  ['no time', { timeout: 0 }, /timeout: is 0/],
  ['a text that is not a duration', { timeout: 'soon' as never }, /timeout: is 'soon'/],
] satisfies [string, Partial<PostgresStoreOptions>, RegExp][]) {
  test(`${what} is refused at once`, () => {
    assert.throws(() => createPostgresStore({ pool, ...options }), {
      name: 'UsageConfigurationError',
      code: 'ERR_USAGE_CONFIGURATION',
      message,
    })
  })
}

test('all mistakes are listed at once, also where there are no options', () => {
  assert.throws(() => createPostgresStore({ pool, scope: '', timeout: 0 }), {
    message: /2 mistakes:\n {2}- scope: .*\n {2}- timeout: /,
  })
  assert.throws(() => createPostgresStore(undefined as never), { code: 'ERR_USAGE_CONFIGURATION' })
})
