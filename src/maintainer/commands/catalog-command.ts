import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import {
  type Catalog,
  changeFindings,
  checkedCatalog,
  combineCatalogs,
  docsPage,
  expiryFindings,
  type Finding,
  frozenCopy,
  jsonSchema,
  ORIGINS,
  type Origin,
} from '../../catalog/index.ts'
import { exampleReport } from '../../library/report/index.ts'
import { type Clock, systemClock } from '../../platform/index.ts'
import { collectorConfig, type GatewayProduct } from '../collector/index.ts'

/** What the command takes from the process. */
export interface CatalogIo {
  /** Default: standard output. */
  readonly stdout?: Writable
  /** Default: standard error. */
  readonly stderr?: Writable
  /** The time that expiries are held against. Default: the system's. */
  readonly clock?: Clock
}

export const CATALOG_USAGE = `Usage: otel-usage catalog <command> --catalog <module> --product <name> [options]

Commands:
  docs               Writes the product's page about its usage telemetry: every fact, and a whole report.
  schema             Writes the JSON Schema of the report.
  collector-config   Writes the product's part of the Collector configuration.
  release            Writes the catalog as data, to be committed with a release: what a later check compares with.
  check              Fails when a file is not what the catalog says, when a fact has expired, or when a fact has changed
                     its meaning since the release without saying so.

Options:
  --catalog <module>    A module that exports the catalog, as \`catalog\` or as its default. May be given several times:
                        the first is the product's, the others are contributions to it.
  --product <name>      The product's name, as in createUsageTelemetry.
  --version <version>   The product's version. Default: 0.0.0
  --title <title>       The product as people call it. Default: its name.
  --retention <time>    How long the receiver keeps reports, for the page: "90 days", or "basic=2 years,full=90 days".
  --overrule-stored-no <sources>
                        For the page, where the product's consent says so: "variable,flag".
  --origin <kinds>      For the page, what the gateway adds by where a report came from: "country,region,network", as far as it
                        has databases for them, or "none". Default: the page says that it may.
  --out <file>          Where the command writes. Default: standard output.
  --additional-product <name>=<file>
                        For collector-config: what else comes in at the same gateway, as often as needed. Another product,
                        or an earlier version of this one. The file is a module, or what release has written.
  --docs <file> --schema <file> --collector-config <file>   What check compares. Each may be left out.
  --released <file>     What release has written, for check.
  --help                Shows this.
`

/** The command `otel-usage catalog`. Returns the exit code: 0, 1 when a check fails, 2 when it was called wrongly. */
export async function runCatalogCommand(args: readonly string[], io: CatalogIo = {}): Promise<number> {
  const { stdout = process.stdout, stderr = process.stderr, clock = systemClock } = io
  let call: Call
  try {
    const parsed = await parse(args)
    if (parsed === 'help') {
      stdout.write(CATALOG_USAGE)
      return 0
    }
    call = parsed
  } catch (error) {
    stderr.write(`${(error as Error).message}\n\`otel-usage catalog --help\` shows how to call it.\n`)
    return 2
  }
  if (call.command === 'check') return check(call, { stdout, stderr, clock })
  const text = await WRITERS[call.command as keyof typeof WRITERS](call)
  if (call.out === undefined) stdout.write(text)
  else writeFileSync(call.out, text)
  return 0
}

interface Call {
  readonly command: string
  readonly catalog: Catalog
  readonly product: { readonly name: string; readonly version: string }
  readonly title: string
  readonly retention: Readonly<Record<string, string>> | undefined
  readonly overruleStoredNo: readonly string[] | undefined
  readonly origin: readonly Origin[] | undefined
  readonly out: string | undefined
  readonly released: string | undefined
  /** What else comes in at the same gateway. */
  readonly also: readonly GatewayProduct[]
  /** The files that check compares, by the command that writes them. */
  readonly files: Readonly<Partial<Record<keyof typeof WRITERS, string>>>
}

/** What writes each file. */
const WRITERS = {
  docs: async ({ catalog, product, title, retention, overruleStoredNo, origin }: Call) => {
    const prefix = product.name.toUpperCase().replaceAll('-', '_')
    return docsPage(catalog, {
      title,
      prefix,
      retention,
      overruleStoredNo,
      origin,
      exampleReport: await exampleReport(catalog, product),
    })
  },
  schema: async ({ catalog, product }: Call) => json(jsonSchema(catalog, product.name)),
  'collector-config': async ({ catalog, product, also }: Call) =>
    collectorConfig([{ name: product.name, catalog }, ...also]),
  release: async ({ catalog }: Call) => json(catalog),
} as const

const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`

async function parse(args: readonly string[]): Promise<Call | 'help'> {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...{
        catalog: { ...text, multiple: true },
        product: text,
        version: text,
        title: text,
        retention: text,
        'overrule-stored-no': text,
        origin: text,
        out: text,
        released: text,
        'additional-product': { ...text, multiple: true },
      },
      ...{ docs: text, schema: text, 'collector-config': text },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const [command = '', ...rest] = positionals
  if (rest.length > 0 || !['check', ...Object.keys(WRITERS)].includes(command)) {
    throw new Error(
      `There is no command '${positionals.join(' ')}'; use docs, schema, collector-config, release or check.`,
    )
  }
  if (!values.catalog || !values.product)
    throw new Error(`${values.catalog ? '--product' : '--catalog'} is missing.`)
  const catalog = await loadCatalogs(values.catalog)
  return {
    command,
    catalog,
    product: { name: values.product, version: values.version ?? '0.0.0' },
    title: values.title ?? values.product,
    retention: values.retention === undefined ? undefined : retentionIn(values.retention, catalog),
    overruleStoredNo: overrulingIn(values['overrule-stored-no']),
    origin: values.origin === undefined ? undefined : originsIn(values.origin),
    out: values.out,
    released: values.released,
    also: await Promise.all((values['additional-product'] ?? []).map(loadAlso)),
    files: {
      ...(values.docs && { docs: values.docs }),
      ...(values.schema && { schema: values.schema }),
      ...(values['collector-config'] && { 'collector-config': values['collector-config'] }),
    },
  }
}

function overrulingIn(text: string | undefined): readonly string[] | undefined {
  const sources = text?.split(',').map((one) => one.trim())
  const known = ['variable', 'flag', 'locked-configuration']
  const unknown = sources?.find((one) => !known.includes(one))
  if (unknown === undefined) return sources
  throw new Error(`--overrule-stored-no names '${unknown}'; use ${known.join(', ')}.`)
}

/** How long facts of each level are kept. */
function retentionIn(text: string, { levels }: Catalog): Record<string, string> {
  if (!text.includes('=')) return Object.fromEntries(levels.map((level) => [level, text]))
  const times = Object.fromEntries(
    text.split(',').map((part) => part.split('=').map((one) => one.trim()) as [string, string]),
  )
  const missing = levels.find((level) => !times[level])
  if (missing === undefined) return times
  throw new Error(
    `--retention '${text}' says nothing of the level ${missing}; name each: ${levels.map((level) => `${level}=90 days`).join(',')}.`,
  )
}

function originsIn(text: string): readonly Origin[] {
  const kinds = text === 'none' ? [] : text.split(',').map((one) => one.trim())
  const wrong = kinds.find((one) => !(ORIGINS as readonly string[]).includes(one))
  if (wrong === undefined) return kinds as Origin[]
  throw new Error(`--origin '${text}' names '${wrong}'; use some of ${ORIGINS.join(', ')}, or none.`)
}

async function loadCatalogs(files: readonly string[]): Promise<Catalog> {
  const [product, ...contributions] = await Promise.all(files.map(loadCatalog))
  return contributions.length === 0
    ? (product as Catalog)
    : combineCatalogs(product as Catalog, contributions)
}

async function loadAlso(text: string): Promise<GatewayProduct> {
  const [, name, file] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (name === undefined || file === undefined)
    throw new Error(`--additional-product is '${text}'; write it as <product>=<file>.`)
  return { name, catalog: await loadCatalog(file) }
}

async function loadCatalog(file: string): Promise<Catalog> {
  const catalog = file.endsWith('.json')
    ? JSON.parse(readFileSync(file, 'utf8'))
    : await import(pathToFileURL(path.resolve(file)).href).then((module) => module.catalog ?? module.default)
  if (typeof catalog?.facts !== 'object')
    throw new Error(`${file} exports no catalog; export what defineCatalog returns as \`catalog\`.`)
  return checkedCatalog(catalog)
}

async function check(call: Call, { stdout, stderr, clock }: Required<CatalogIo>): Promise<number> {
  const { catalog, product, files, released } = call
  const findings: Finding[] = [
    ...expiryFindings(catalog, { at: clock.now(), productVersion: product.version }),
    ...(released
      ? changeFindings(frozenCopy(JSON.parse(readFileSync(released, 'utf8')) as Catalog), catalog)
      : []),
  ]
  for (const [command, file] of Object.entries(files)) {
    const text = await WRITERS[command as keyof typeof WRITERS](call)
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    const message = `is not what the catalog says; write it anew by \`otel-usage catalog ${command} --out ${file}\` with the same options`
    findings.push({ severity: 'error', path: file, message })
  }
  for (const { severity, path, message } of findings) stderr.write(`${severity}: ${path} ${message}.\n`)
  if (findings.some(({ severity }) => severity === 'error')) return 1
  stdout.write(
    `The catalog of ${product.name}, version ${catalog.version}: ${Object.keys(catalog.facts).length} facts, nothing to mend.\n`,
  )
  return 0
}
