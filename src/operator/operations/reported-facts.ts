import { isOwnName } from '../../catalog/index.ts'
import { readReport } from '../../library/otlp/index.ts'

/** Values of a report by name: `acme.edition`, or `acme.commands{command=find}` for one of several numbers. */
export type ReportedFacts = Readonly<Record<string, unknown>>

/** Parts of a report about itself that people compare: the other ones differ in each report. */
const COMPARED = new Set([
  'service.version',
  'usage.catalog.version',
  'usage.consent.state',
  'usage.consent.level',
  'usage.catalog.contributions',
])

/** Returns what the bytes of a report say; nothing if they are not a report. A report of an older product may have other facts. */
export function factsOf(bytes: Uint8Array): ReportedFacts {
  const content = readReport(bytes)
  if (!content) return {}
  const isMeant = (name: string) => !isOwnName(name) || COMPARED.has(name)
  const numbers = content.metrics
    .filter(({ name }) => isMeant(name))
    .flatMap(({ name, points = [] }) =>
      points.map(({ attributes, value }) => [`${name}${dimensionsOf(attributes)}`, value] as const),
    )
  return Object.fromEntries([
    ...Object.entries(content.attributes)
      .filter(([name]) => isMeant(name))
      .map(([name, value]) => [name, plain(value)]),
    ...numbers,
  ])
}

/** Returns a number of an attribute as a number. */
const plain = (value: unknown): unknown => Object(value)['intValue'] ?? value

function dimensionsOf(attributes: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(attributes).map(([key, value]) => `${key}=${String(value)}`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
