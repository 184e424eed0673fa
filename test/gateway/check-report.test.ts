import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { defineCatalog, patternOf, REPORT_ATTRIBUTES } from '../../src/catalog/index.ts'
import { type CheckedReport, reportCheck } from '../../src/maintainer/collector/check-report.ts'
import { type ReportParts, report, uuid } from './running-gateway.ts'

const why = 'to know'
const now = Date.parse('2026-03-31T12:00:00Z')
const catalog = defineCatalog({
  version: 2,
  prefix: 'acme',
  levels: ['basic', 'full'],
  facts: {
    'acme.edition': {
      kind: 'attribute',
      type: 'enum',
      values: ['free', 'paid'],
      level: 'basic',
      since: 1,
      why,
      example: 'free',
    },
    'acme.motto': {
      kind: 'attribute',
      type: 'string',
      pattern: '.*',
      maxLength: 5,
      level: 'full',
      since: 1,
      why,
      example: 'hi',
    },
    'acme.db': {
      kind: 'attribute',
      type: 'version',
      level: 'full',
      since: 1,
      why,
      example: '15.2',
      whenUnknown: 'Unknown',
    },
    'acme.cloud': {
      kind: 'attribute',
      type: 'boolean',
      level: 'full',
      since: 1,
      why,
      example: true,
      whenUnknown: null,
    },
    'acme.nodes': {
      kind: 'attribute',
      type: 'uuids',
      maxItems: 2,
      level: 'full',
      since: 1,
      why,
      example: [uuid('4')],
    },
    'acme.tags': {
      kind: 'attribute',
      type: 'metadata',
      maxEntries: 2,
      maxLength: 4,
      level: 'full',
      since: 1,
      why,
      example: { team: 'db' },
    },
    'acme.users': { kind: 'gauge', unit: '{user}', max: 100, level: 'basic', since: 1, why, example: 1 },
    'acme.commands': {
      kind: 'count',
      unit: '{command}',
      by: { command: ['find', 'insert'] },
      level: 'basic',
      since: 1,
      why,
    },
  },
})
const check = reportCheck([{ name: 'acme-db', catalog }])

function checked(parts: ReportParts, isArchive = false): CheckedReport | string {
  const [item] = report({ at: now, ...parts }).resourceMetrics
  return check(item, { isArchive, now })
}

function passed(parts: ReportParts, isArchive?: boolean): CheckedReport {
  const found = checked(parts, isArchive)
  assert.ok(typeof found === 'object', String(found))
  return found
}

test('a report passes with what its catalog declares, and without the rest', () => {
  const declared = {
    'acme.edition': 'paid',
    'acme.motto': 'äöü🙂!',
    'acme.db': 'Unknown',
    'acme.cloud': null,
    'acme.nodes': [uuid('4'), uuid('4')],
    'acme.tags.team': 'blue',
  }
  const id = uuid('4')
  const good = passed({
    attributes: { ...declared, 'service.instance.id': id },
    gauges: [
      { name: 'acme.users', value: 100, more: { unit: '{user}' } },
      { name: 'acme.commands', value: 3, attributes: { command: 'find' } },
    ],
  })
  assert.equal(good.removed, 0)
  assert.deepEqual(
    good.points.map(({ name, unit, value, at, attributes }) => [name, unit, value, at, attributes]),
    [
      ['usage.facts', '', 2, now / 1_000, {}],
      ['acme.users', '{user}', 100, now / 1_000, {}],
      ['acme.commands', '', 3, now / 1_000, { command: 'find' }],
    ],
  )
  assert.equal(good.attributes['acme.nodes'], JSON.stringify(declared['acme.nodes']))
  assert.equal(good.attributes['acme.cloud'], '')
  assert.equal(good.attributes['usage.catalog.version'], '1')
  assert.deepEqual([good.product, good.installation, good.isRequest], ['acme-db', id, false])

  const bad = passed({
    attributes: {
      'acme.edition': 'stolen',
      'acme.motto': 'too long',
      'acme.db': 'db1.acme.example',
      'acme.cloud': 'yes',
      'acme.nodes': ['me'],
      'acme.tags.team': 'blue',
      'acme.tags.colour': 'too long',
      'service.version': '192.0.2.7',
      'usage.consent.level': 'extreme',
      'host.name': 'alice-laptop',
      'geo.country.iso_code': 'DE',
      'usage.gateway.forget': true,
      'usage.gateway.cut': 1,
    },
    gauges: [
      { name: 'acme.users', value: 101 },
      { name: 'acme.users', value: Number.NaN },
      { name: 'acme.users', more: { unit: 'alice' } },
      { name: 'acme.users', more: { description: 'alice' } },
      { name: 'acme.users', point: { flags: 1 } },
      { name: 'acme.commands', value: -1, attributes: { command: 'find' } },
      { name: 'acme.commands', attributes: { command: 'drop' } },
      { name: 'acme.commands', attributes: {} },
      { name: 'alice' },
    ],
  })
  assert.deepEqual(
    bad.points.map(({ name }) => name),
    ['usage.facts'],
  )
  assert.deepEqual(Object.keys(bad.attributes).sort(), [
    'service.instance.id',
    'service.name',
    'telemetry.distro.name',
    'telemetry.distro.version',
    'usage.catalog.version',
    'usage.consent.state',
    'usage.gateway.cut',
    'usage.report.id',
  ])
  assert.equal(bad.attributes['usage.gateway.cut'], '13')
  assert.equal(bad.removed, 13 + 9)
})

test('of an archive stays what a gateway has found out, and no mark that does not follow from the report', () => {
  const attributes = {
    'geo.country.iso_code': 'DE',
    'geo.region.iso_code': 'DE-BY',
    'usage.origin.asn': 64496,
    'usage.origin.network': 'Example Net',
    'usage.gateway.cut': 2,
    'usage.gateway.forget': true,
    'usage.archive.file': '2026-03-01-1',
  }
  const { attributes: kept, removed, isRequest } = passed({ attributes }, true)
  const { 'usage.gateway.forget': _, 'usage.archive.file': __, ...expected } = attributes
  for (const [name, value] of Object.entries(expected)) assert.equal(kept[name], String(value))
  assert.deepEqual([kept['usage.gateway.forget'], kept['usage.archive.file']], [undefined, undefined])
  assert.deepEqual([removed, isRequest], [0, false])
  const odd = {
    'geo.country.iso_code': 'Germany',
    'usage.origin.network': 'a\nb',
    'usage.origin.asn': 'x',
    'geo.region.iso_code': null,
  }
  assert.deepEqual(
    Object.keys(passed({ attributes: odd }, true).attributes).filter((name) => name in odd),
    [],
  )
})

test('a request to be forgotten is marked', () => {
  const { isRequest, attributes } = passed({ gauges: [{ name: 'usage.forget' }] })
  assert.deepEqual([isRequest, attributes['usage.gateway.forget']], [true, 'true'])
})

test('a report of an unknown product or of another time is refused, with the reason', () => {
  const attributes = (changed: Record<string, string | null>) => ({ attributes: changed })
  const withoutId = { 'service.instance.id': null }
  for (const [parts, reason] of [
    [attributes({ 'service.name': 'acme db' }), 'it names no product'],
    [attributes({ 'service.name': 'other' }), "no catalog of its product 'other' was given"],
    [attributes({ 'usage.report.id': uuid('4') }), 'its report id is not a UUID of version 7'],
    [attributes({ 'service.instance.id': 'alice' }), 'the id of its installation is not a UUID'],
    [attributes(withoutId), 'it has neither the id of an installation nor its age'],
    [attributes({ 'usage.consent.state': 'disabled' }), 'it does not say that its operator has consented'],
    [{ at: now - 91 * 86_400_000 }, 'its time is 2025-12-30, and the store takes 90 days up to now'],
    [{ at: now + 2 * 86_400_000 }, 'its time is 2026-04-02, and the store takes 90 days up to now'],
    [{ at: 0 }, 'its time is 1970-01-01, and the store takes 90 days up to now'],
    [{ gauges: Array(30).fill({ name: 'acme.users' }) }, 'it has more points than its catalog has series'],
  ] as const)
    assert.equal(checked(parts), reason)
  assert.equal(typeof checked(attributes({ ...withoutId, 'usage.installation.age': 'month' })), 'object')
  for (const item of [
    null,
    [],
    'x',
    {},
    { resource: {} },
    { resource: [], scopeMetrics: [] },
    { resource: {}, scopeMetrics: {} },
  ])
    assert.equal(check(item, { now }), 'it is not a report in OTLP/JSON')
  const [item] = report({ at: now }).resourceMetrics
  const scopes = [
    {
      metrics: [
        { name: 'usage.facts', gauge: { dataPoints: [{ asDouble: 1, timeUnixNano: '9'.repeat(19) }] } },
      ],
    },
  ]
  assert.match(String(check({ ...item, scopeMetrics: scopes }, { now })), /^its time is 2286/)
  assert.equal(check({ ...item, scopeMetrics: [] }, { now }), 'it has no point that the catalog declares')
})

test('a value or a metric that is two things at once is refused, whichever of them another reader would take', () => {
  const [item] = report({ at: now }).resourceMetrics
  const text = JSON.stringify(item)
  for (const [from, to] of [
    ['"stringValue":"full"', '"stringValue":"full","kvlistValue":{}'],
    ['"stringValue":"full"', '"stringValue":null'],
    ['"intValue":"1"', '"intValue":1.5'],
    ['"gauge":', '"histogram":null,"gauge":'],
    ['"asDouble":', '"asInt":"1","asDouble":'],
  ] as const) {
    assert.ok(text.includes(from), from)
    assert.equal(check(JSON.parse(text.replace(from, to)), { now }), 'it is not a report in OTLP/JSON', to)
  }
})

test('the conditions on every report are those of gateway.yaml', () => {
  const gateway = readFileSync('collector-config/gateway.yaml', 'utf8')
  const [processor = ''] = /^ {2}filter\/report:(?:\n(?: {4}.*)?)+/m.exec(gateway) ?? []
  const conditions = [...processor.matchAll(/^ {6}- (.+)$/gm)].map(([, condition]) => condition)
  const isNot = (name: keyof typeof REPORT_ATTRIBUTES) =>
    `not IsMatch(resource.attributes["${name}"], "${patternOf(REPORT_ATTRIBUTES[name])}")`
  const consented = REPORT_ATTRIBUTES['usage.consent.state'].holds.words.filter(
    (state) => state !== 'disabled',
  )
  assert.deepEqual(conditions, [
    `resource.attributes["service.instance.id"] != nil and ${isNot('service.instance.id')}`,
    `resource.attributes["service.instance.id"] == nil and ${isNot('usage.installation.age')}`,
    isNot('usage.report.id'),
    `not IsString(resource.attributes["service.name"]) or ${isNot('service.name')}`,
    consented.map((state) => `resource.attributes["usage.consent.state"] != "${state}"`).join(' and '),
  ])
})

test('points without a value count for the size of a report, as the gateway reads them as 0', () => {
  const [item] = structuredClone(report({ at: now }).resourceMetrics)
  const empty = Array(30).fill({ name: 'usage.facts', gauge: { dataPoints: [{}] } })
  const larger = { ...item, scopeMetrics: [...(item?.scopeMetrics ?? []), { metrics: empty }] }
  assert.equal(typeof check(item, { now }), 'object')
  assert.equal(check(larger, { now }), 'it has more points than its catalog has series')
})
