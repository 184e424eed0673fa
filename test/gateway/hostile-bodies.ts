import type { Random } from '../support/random.ts'
import { report } from './running-gateway.ts'

export interface HostileBody {
  readonly contentType: 'application/json' | 'application/x-protobuf'
  readonly bytes: Buffer
}

/** A text that may be in nothing that the gateway keeps. */
export const MARK = 'Alice <alice@example.org>'

/**
 * A report that was made worse: a tree with something swapped, doubled, nested or torn out, as JSON or as Protocol Buffers, and in
 * part with bytes changed after that.
 */
export function hostileBody(random: Random): HostileBody {
  const tree = report({
    attributes: { 'acme.edition': 'free', 'acme.motto': 'hello' },
    gauges: [
      { name: 'acme.users', value: 3 },
      { name: 'acme.commands', value: 5, attributes: { command: 'find', result: 'ok' } },
      { name: 'usage.dropped', value: 1, attributes: { reason: 'undeclared' } },
    ],
  })
  const changes = random.below(4)
  for (let change = 0; change < changes; change += 1) worsen(tree, random)
  const asJson = random.chance(0.5)
  const bytes = asJson ? Buffer.from(JSON.stringify(tree)) : encode(tree)
  if (random.chance(0.3)) scramble(bytes, random)
  const end = random.chance(0.1) ? random.below(bytes.length) : bytes.length
  return {
    contentType: asJson ? 'application/json' : 'application/x-protobuf',
    bytes: bytes.subarray(0, end),
  }
}

type Tree = Record<string, unknown> | unknown[]

/** Changes one place of a tree. */
function worsen(tree: Tree, random: Random): void {
  const places: [Tree, string | number][] = []
  const walk = (node: Tree) => {
    for (const key of Object.keys(node)) {
      places.push([node, Array.isArray(node) ? Number(key) : key])
      const child = (node as Record<string, unknown>)[key]
      if (typeof child === 'object' && child !== null) walk(child as Tree)
    }
  }
  walk(tree)
  if (places.length === 0) return
  const [node, key] = random.one(places)
  const record = node as Record<string | number, unknown>
  const kind = random.below(100)
  if (kind < 15) {
    if (Array.isArray(node)) node.splice(Number(key), 1)
    else delete record[key]
  } else if (kind < 30 && Array.isArray(node)) {
    node.push(...Array(random.below(50)).fill(node[Number(key)]))
  } else if (kind < 40) {
    // Another place's content.
    const [other, otherKey] = random.one(places)
    record[key] = structuredClone((other as Record<string | number, unknown>)[otherKey])
  } else if (kind < 50 && !Array.isArray(node)) {
    record[random.one(FIELDS)] = structuredClone(random.one(VALUES))
  } else {
    record[key] = structuredClone(random.one(VALUES))
  }
}

const FIELDS = [
  ...['name', 'description', 'unit', 'key', 'value', 'attributes', 'metadata', 'sum', 'histogram', 'summary'],
  ...['schemaUrl', 'version', 'exemplars', 'flags', 'stringValue', 'kvlistValue', 'bytesValue', '__proto__'],
]

const deep = (depth: number): object =>
  depth === 0 ? { stringValue: MARK } : { arrayValue: { values: [deep(depth - 1)] } }

const VALUES: readonly unknown[] = [
  ...[
    null,
    true,
    '',
    MARK,
    `${MARK}\u0000`,
    '\ud800',
    '9'.repeat(400),
    'x'.repeat(5_000),
    [],
    {},
    [[]],
    -1,
    1e308,
  ],
  ...[
    'NaN',
    '-Infinity',
    '18446744073709551616',
    '-1',
    2 ** 53,
    0.1,
    { stringValue: MARK },
    { intValue: '-9' },
  ],
  ...[{ kvlistValue: { values: [{ key: MARK, value: { stringValue: MARK } }] } }, { bytesValue: 'AAECAw==' }],
  ...[{ arrayValue: { values: [{ stringValue: MARK }, { intValue: '1' }] } }, deep(5), deep(200)],
  ...[{ dataPoints: [{ asDouble: 1, attributes: [{ key: MARK, value: { stringValue: MARK } }] }] }],
  ...[
    [{ key: 'reason', value: { stringValue: MARK } }],
    [{ key: 'service.name', value: { stringValue: 'other' } }],
  ],
  ...[
    { name: MARK },
    { name: 'acme.users', gauge: {} },
    { name: 'acme.users', sum: { dataPoints: [{ asInt: '1' }] } },
  ],
]

function scramble(bytes: Buffer, random: Random): void {
  const count = random.between(1, 8)
  for (let change = 0; change < count && bytes.length > 0; change += 1) {
    bytes[random.below(bytes.length)] = random.below(256)
  }
}

/**
 * Protocol Buffers by hand, from whatever the tree has become: fields that the message does not have, and values of another type,
 * are written as they come. https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
 */
function encode(tree: unknown): Buffer {
  return message(tree, 'request')
}

type Kind = 'text' | 'varint' | 'fixed64' | 'double' | 'bytes' | keyof typeof MESSAGES

const MESSAGES = {
  request: { resourceMetrics: [1, 'resourceMetrics'] },
  resourceMetrics: { resource: [1, 'resource'], scopeMetrics: [2, 'scopeMetrics'], schemaUrl: [3, 'text'] },
  resource: { attributes: [1, 'keyValue'] },
  scopeMetrics: { scope: [1, 'scope'], metrics: [2, 'metric'], schemaUrl: [3, 'text'] },
  scope: { name: [1, 'text'], version: [2, 'text'], attributes: [3, 'keyValue'] },
  metric: {
    ...{
      name: [1, 'text'],
      description: [2, 'text'],
      unit: [3, 'text'],
      gauge: [5, 'gauge'],
      sum: [7, 'gauge'],
    },
    ...{ histogram: [9, 'gauge'], summary: [11, 'gauge'], metadata: [12, 'keyValue'] },
  },
  gauge: { dataPoints: [1, 'point'] },
  point: {
    ...{ attributes: [7, 'keyValue'], startTimeUnixNano: [2, 'fixed64'], timeUnixNano: [3, 'fixed64'] },
    ...{ asDouble: [4, 'double'], asInt: [6, 'fixed64'], exemplars: [5, 'point'], flags: [8, 'varint'] },
  },
  keyValue: { key: [1, 'text'], value: [2, 'value'] },
  value: {
    ...{
      stringValue: [1, 'text'],
      boolValue: [2, 'varint'],
      intValue: [3, 'varint'],
      doubleValue: [4, 'double'],
    },
    ...{ arrayValue: [5, 'array'], kvlistValue: [6, 'list'], bytesValue: [7, 'bytes'] },
  },
  array: { values: [1, 'value'] },
  list: { values: [1, 'keyValue'] },
} as const satisfies Record<string, Record<string, readonly [number, string]>>

function message(node: unknown, kind: keyof typeof MESSAGES): Buffer {
  if (typeof node !== 'object' || node === null) return Buffer.from(String(node ?? ''))
  const fields: Readonly<Record<string, readonly [number, string] | undefined>> = MESSAGES[kind]
  return Buffer.concat(
    Object.entries(node).flatMap(([name, content]) => {
      const [number, type] = (Object.hasOwn(fields, name) && fields[name]) || [15, 'text']
      const all = Array.isArray(content) ? content : [content]
      return all.map((one) => field(number, type as Kind, one))
    }),
  )
}

function field(number: number, kind: Kind, value: unknown): Buffer {
  const tag = (wire: number) => varint(BigInt((number << 3) | wire))
  const whole = () => {
    try {
      return BigInt.asUintN(64, BigInt(value as string))
    } catch {
      return 0n
    }
  }
  if (kind === 'varint') return Buffer.concat([tag(0), varint(whole())])
  if (kind === 'fixed64' || kind === 'double') {
    const bytes = Buffer.alloc(8)
    if (kind === 'double') bytes.writeDoubleLE(Number(value))
    else bytes.writeBigUInt64LE(whole())
    return Buffer.concat([tag(1), bytes])
  }
  const content =
    kind === 'text' || kind === 'bytes'
      ? Buffer.from(typeof value === 'string' ? value : JSON.stringify(value ?? ''))
      : message(value, kind)
  return Buffer.concat([tag(2), varint(BigInt(content.length)), content])
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Buffer.from(bytes)
}
