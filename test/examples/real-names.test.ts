/**
 * The lists of names in the originals' own sources, as files of `originals/` have them: each name arrives under itself, or under
 * `other` for the reason that stands here. The catalogs cannot lack a name unnoticed.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { takeReport as takeCamunda } from '../../examples/camunda-optimize/mapping.ts'
import { product as camundaOptimize } from '../../examples/camunda-optimize/product.ts'
import { takeReport as takeFerretdb } from '../../examples/ferretdb/mapping.ts'
import { product as ferretdb } from '../../examples/ferretdb/product.ts'
import type { Recorder, Refused } from '../../examples/mapping.ts'
import { takeReport as takeTimescaledb } from '../../examples/timescaledb/mapping.ts'
import { product as timescaledb } from '../../examples/timescaledb/product.ts'
import type { ProductDescription } from '../../src/index.ts'
import { createTestTelemetry } from '../../src/testing.ts'

interface Names {
  readonly title: string
  /** File in `originals/`. */
  readonly file: string
  readonly product: object
  readonly take: (usage: Recorder, document: object) => readonly Refused[]
  /** Document of the original in which each name has this number. */
  readonly document: (numbers: Readonly<Record<string, number>>) => object
  /** Place of a name in the report. */
  readonly place: (name: string) => string
  /** Names that are counted under `other`, with the reason. Default: none. */
  readonly other?: { readonly names: RegExp; readonly reason: string }
}

const LISTS: readonly Names[] = [
  {
    title: 'FerretDB, commands',
    file: 'ferretdb-commands.json',
    product: ferretdb,
    take: takeFerretdb,
    document: (numbers) => ({
      command_metrics: {
        OP_MSG: Object.fromEntries(Object.entries(numbers).map(([name, ok]) => [name, { unknown: { ok } }])),
      },
    }),
    place: (command) => `ferretdb.commands{argument=unknown,command=${command},opcode=OP_MSG,result=ok}`,
  },
  {
    title: 'FerretDB, errors',
    file: 'ferretdb-errors.json',
    product: ferretdb,
    take: takeFerretdb,
    document: (numbers) => ({ command_metrics: { OP_MSG: { find: { unknown: numbers } } } }),
    place: (result) => `ferretdb.commands{argument=unknown,command=find,opcode=OP_MSG,result=${result}}`,
    other: {
      names:
        /^(?!(?:InternalError|BadValue|FailedToParse|Unauthorized|TypeMismatch|AuthenticationFailed|NamespaceNotFound|NamespaceExists|CommandNotFound|CommandNotSupported|NotImplemented|CursorNotFound|DuplicateKey|MaxTimeMSExpired)$)/,
      reason: 'each of 64 commands may end with each of 551 errors: the most frequent ones are named',
    },
  },
  {
    title: 'TimescaleDB, functions',
    file: 'timescaledb-functions.json',
    product: timescaledb,
    take: takeTimescaledb,
    document: (numbers) => ({
      functions_used: Object.fromEntries(
        Object.entries(numbers).map(([name, uses]) => [`${name}(integer)`, uses]),
      ),
    }),
    place: (name) => `timescaledb.functions{function=${name}}`,
    other: {
      names: /^(?:_timescaledb_\w+|timescaledb_experimental)\./,
      reason: 'is internal or an experiment, and not for queries of people',
    },
  },
  {
    title: 'TimescaleDB, SQLSTATEs of jobs',
    file: 'postgresql-sqlstates.json',
    product: timescaledb,
    take: takeTimescaledb,
    document: (numbers) => ({ errors_by_sqlerrcode: { user_defined_action: numbers } }),
    place: (code) => `timescaledb.job.errors{job_type=user_defined_action,sqlstate=${code}}`,
  },
  {
    title: 'Camunda, commands of the engine',
    file: 'camunda-commands.json',
    product: camundaOptimize,
    take: takeCamunda,
    document: (numbers) => ({
      product: {
        internals: {
          commands: Object.fromEntries(Object.entries(numbers).map(([name, count]) => [name, { count }])),
        },
      },
    }),
    place: (command) => `camunda.commands{command=${command}}`,
    other: {
      names: /^.{65}/,
      reason: 'is longer than the 64 characters that a word of a dimension may have',
    },
  },
]

for (const { title, file, product, take, document, place, other } of LISTS) {
  const { repository, commit, names } = JSON.parse(
    readFileSync(path.join(import.meta.dirname, 'originals', file), 'utf8'),
  )
  const list: readonly string[] = names

  test(`${title}: each of the ${list.length} names in ${repository} arrives, as itself or for a reason as 'other'`, async () => {
    assert.match(commit, /^[0-9a-f]{40}$|^tag /)
    const { usage, receiver } = createTestTelemetry({
      product: product as ProductDescription,
      environment: {
        [`${(product as ProductDescription).name.toUpperCase().replaceAll('-', '_')}_TELEMETRY`]: 'on',
      },
    })
    await usage.start()
    const numbers = Object.fromEntries(list.map((name, index) => [name, index + 1]))
    assert.deepEqual(take(usage as Recorder, document(numbers)), [])
    await usage.report()
    const facts = Object.fromEntries(
      Object.entries(receiver.list()[0]?.facts ?? {}).map(([name, value]) => [sorted(name), value]),
    )
    const isOther = (name: string) => other?.names.test(name) ?? false
    for (const name of list.filter((one) => !isOther(one)))
      assert.equal(facts[sorted(place(name))], numbers[name], `${name} does not arrive`)
    const rest = list.filter(isOther).reduce((sum, name) => sum + (numbers[name] as number), 0)
    assert.equal(facts[sorted(place('other'))] ?? 0, rest, other?.reason)
  })
}

/** Returns a place with its dimensions in the order of their names. */
const sorted = (place: string) =>
  place.replace(/\{(.*)\}/, (_, by: string) => `{${by.split(',').sort().join(',')}}`)
