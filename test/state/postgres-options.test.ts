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
  ['a name that is no text', { table: 7 as never }, /table: is 7/],
  [
    'a scope that is no text',
    { scope: 7 as never },
    /scope: is 7; give a word of your own, such as the name of the product$/,
  ],
  ['a scope with a zero', { scope: 'a\0b' }, /scope: is/],
  [
    'a time without end',
    { timeout: 2 ** 31 },
    /timeout: is 2147483648; write a duration such as '5s', 1 ms to 2\^31-1 ms$/,
  ],
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

test('what is just right is taken, and the store says which table it is', () => {
  const locationOf = (options: Partial<PostgresStoreOptions>) =>
    createPostgresStore({ pool, ...options }).location
  assert.equal(locationOf({}), 'postgres table "otel_usage_state"')
  assert.equal(
    locationOf({ table: 'x'.repeat(63), schema: 'a"b' }),
    `postgres table "a""b"."${'x'.repeat(63)}"`,
  )
  for (const timeout of [1, 2 ** 31 - 1, '1ms'] as const) locationOf({ timeout })
})

test('all mistakes are listed at once, also where there are no options', () => {
  assert.throws(() => createPostgresStore({ pool, scope: '', timeout: 0 }), {
    message: /createPostgresStore has 2 mistakes:\n {2}- scope: .*\n {2}- timeout: /,
  })
  assert.throws(() => createPostgresStore(undefined as never), { code: 'ERR_USAGE_CONFIGURATION' })
})
