import { RESERVED_PREFIXES } from '../../catalog/index.ts'

/** Choices that the first files of a product depend on. */
export interface FirstFilesOptions {
  readonly name: string
  readonly title: string
  readonly endpoint: string
  /** Prefix of the product's variables. */
  readonly prefix: string
  /** Ending of the names of the files: `js`, `mjs` or `ts`. */
  readonly ending: string
  /** Path of the product's package.json, seen from the files. Default: there is none. */
  readonly manifest: string | undefined
}

/**
 * Returns the first files of a product by name: catalog, description, telemetry, a command that reports at once, and a test that off is
 * off. They run as they are.
 */
export function firstFiles(options: FirstFilesOptions): Readonly<Record<string, string>> {
  const { ending } = options
  return {
    [`catalog.${ending}`]: catalogFile(options),
    [`product.${ending}`]: productFile(options),
    [`usage.${ending}`]: usageFile(options),
    [`report.${ending}`]: reportFile(options),
    [`off-is-off.test.${ending}`]: testFile(options),
  }
}

/** Returns a text as a string literal in single quotes. */
const quoted = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`

/** Returns a name as the prefix of facts: a word of letters, digits and underscores. */
const factPrefix = (name: string): string => {
  const prefix = name.replaceAll('-', '_')
  return RESERVED_PREFIXES.includes(prefix) ? `${prefix}_product` : prefix
}

const catalogFile = ({ name, title }: FirstFilesOptions) => `import { defineCatalog } from 'otel-usage'

/** Everything that may be reported. What is not in here cannot leave. */
export const catalog = defineCatalog({
  version: 1,
  prefix: ${quoted(factPrefix(name))},
  facts: {
    ${quoted(`${factPrefix(name)}.storage`)}: {
      kind: 'attribute',
      type: 'enum',
      values: ['memory', 'disk'],
      since: 1,
      why: 'Shows which storage we should work on.',
      example: 'disk',
    },
    ${quoted(`${factPrefix(name)}.requests`)}: {
      kind: 'count',
      unit: '{request}',
      by: { result: ['ok', 'error'] },
      since: 1,
      why: ${quoted(`Shows how much ${title} is used, and how often it fails.`)},
    },
  },
})
`

const productFile = ({ name, title, endpoint, ending, manifest }: FirstFilesOptions) =>
  `import { defineProduct } from 'otel-usage'
import { catalog } from './catalog.${ending}'
${manifest === undefined ? '' : `import manifest from ${quoted(manifest)} with { type: 'json' }\n`}
/** All that the product and its page say of the telemetry. The product and every command read it: --product product.${ending} */
export const product = defineProduct({
  name: ${quoted(name)},
  version: ${manifest === undefined ? "'0.0.0'" : 'manifest.version'},
  title: ${quoted(title)},
  catalog,
  // The address of your gateway.
  endpoint: ${quoted(endpoint)},
  // Nothing is sent for an hour, so that people can say no. 'enabled': at once. 'disabled': not before somebody says yes.
  consent: { default: 'undecided' },
  // For the page: what you never collect, who receives the reports, and for how long. Put your own words here.
  neverCollected: ['Names, addresses, and anything that people type', 'The content of files and messages'],
  receiver: {
    operator: ${quoted(`the makers of ${title}`)},
    seenBy: ${quoted(`the people who develop ${title}`)},
    retention: '400 days',
    erasure: ${quoted(`Write to the makers of ${title}, with the id of the installation.`)},
  },
})
`

const usageFile = ({ name, ending }: FirstFilesOptions) => `import { createUsageTelemetry } from 'otel-usage'
import { product } from './product.${ending}'

/** In your product: \`await usage.start()\` when it is up, \`await usage.shutdown()\` when it ends. */
export const usage = createUsageTelemetry({ product, logger: console })

usage.set(${quoted(`${factPrefix(name)}.storage`)}, 'memory')

/** Call it for each request: \`requests.add(1, { result: 'ok' })\`. */
export const requests = usage.counter(${quoted(`${factPrefix(name)}.requests`)})
`

const reportFile = ({ ending }: FirstFilesOptions) => `/** Makes a report now, and says what became of it. */
import { usage } from './usage.${ending}'

const { outcome, reason } = await usage.report()
console.log(\`The report was \${outcome}: \${reason}\`)
await usage.shutdown()
`

const testFile = ({ name, prefix, ending }: FirstFilesOptions) => `import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { assertOffIsOff } from 'otel-usage/testing'

/** Returns a run of the product that reports at once, with its own state. */
function run(variables${ending === 'ts' ? ': Readonly<Record<string, string>>' : ''}) {
  const stateDirectory = mkdtempSync(path.join(tmpdir(), ${quoted(`${name}-`)}))
  return {
    command: [process.execPath, path.join(import.meta.dirname, 'report.${ending}')],
    environment: {
      PATH: process.env${ending === 'ts' ? "['PATH'] ?? ''" : '.PATH'},
      ${prefix}_TELEMETRY_DIR: stateDirectory,
      ${prefix}_TELEMETRY_ENDPOINT: 'http://127.0.0.1:9',
      ...variables,
    },
    stateDirectory,
  }
}

for (const no of ['DO_NOT_TRACK', '${prefix}_TELEMETRY_OPTOUT']) {
  test(\`with \${no}=1 nothing leaves, and there is no installation id\`, async () => {
    await assertOffIsOff(run, { off: { [no]: '1' }, on: { ${prefix}_TELEMETRY: 'on' } })
  })
}
`
