import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Catalog, checkedCatalog, combineCatalogs, ORIGINS, type Origin } from '../../catalog/index.ts'
import { UsageConfigurationError } from '../../platform/index.ts'
import type { GatewayProduct } from '../collector/index.ts'
import { errorMessage } from '../package/index.ts'
import { CallError } from './call-error.ts'
import { readText } from './text-files.ts'

/** A product, as the options of a command describe it. */
export interface DescribedProduct {
  readonly name: string
  readonly version: string
  readonly title: string
  readonly catalog: Catalog
  /** Retention of facts at the receiver, by level. */
  readonly retention: Readonly<Record<string, string>> | undefined
  readonly overruleStoredNo: readonly string[] | undefined
  readonly origin: readonly Origin[] | undefined
  /** Other products and versions whose reports arrive at the same gateway. */
  readonly additional: readonly GatewayProduct[]
}

/** Values of the options that {@link addProductOptions} adds. */
export interface ProductOptions {
  readonly catalog?: readonly string[]
  readonly product?: string
  readonly productVersion: string
  readonly title?: string
  readonly retention?: string
  readonly overruleStoredNo?: readonly string[]
  readonly origin?: readonly Origin[]
  readonly additionalProduct?: readonly NamedFile[]
}

interface NamedFile {
  readonly name: string
  readonly file: string
}

/** Sources of consent whose yes a product may let overrule a stored no. */
const OVERRULING = ['variable', 'flag', 'locked-configuration'] as const

/** Adds the options that describe a product. Every command takes all of them, so that the same options fit all commands. */
export function addProductOptions(command: Command): Command {
  return command
    .optionsGroup('The product, described in the same way to each command:')
    .option(
      '--catalog <file>',
      "A module that exports the catalog, as `catalog` or as its default; or the catalog as JSON. Can be repeated: the first is the product's own, the others are contributions to it.",
      (file: string, files: readonly string[] = []) => [...files, file],
    )
    .option('--product <name>', "The product's name, as in createUsageTelemetry.")
    .option('--product-version <version>', "The product's version.", '0.0.0')
    .option('--title <title>', 'The product as people call it. Default: its name.')
    .option(
      '--retention <time>',
      'How long the receiver keeps reports, for the page: "90 days", or "basic=2 years,full=90 days". Default: the page does not say it.',
    )
    .addOption(
      new Option(
        '--overrule-stored-no <sources>',
        `Sources whose yes overrules a stored no, for the page: some of ${OVERRULING.join(', ')}, with commas between them. Default: none.`,
      ).argParser((text) => listOf(text, OVERRULING)),
    )
    .addOption(
      new Option(
        '--origin <kinds>',
        `What the gateway adds by where a report came from, for the page: some of ${ORIGINS.join(', ')}, with commas between them, or none. Default: the page says that it may add it.`,
      ).argParser((text) => (text === 'none' ? [] : listOf(text, ORIGINS))),
    )
    .option(
      '--additional-product <name>=<file>',
      'For the gateway: another product whose reports arrive there, or an earlier version of this one. The file is a catalog. Can be repeated.',
      (text: string, all: readonly NamedFile[] = []) => [...all, namedFile(text)],
    )
}

/**
 * Loads and checks what the options name.
 *
 * @throws {CallError} when an option is missing, names a file that cannot be loaded, or contradicts the catalog.
 * @throws {UsageConfigurationError} when a catalog breaks a rule of `defineCatalog`.
 */
export async function describedProduct(options: ProductOptions): Promise<DescribedProduct> {
  const { catalog: files, product: name, productVersion: version, overruleStoredNo, origin } = options
  // Checked here, because commander would report a missing option before a misspelt one.
  if (!files) throw new CallError('--catalog is missing; name the file of the catalog.')
  if (!name) throw new CallError('--product is missing; give the name of the product.')
  const [own, ...contributions] = await Promise.all(files.map((file) => loadCatalog('--catalog', file)))
  const catalog =
    contributions.length === 0 ? (own as Catalog) : combineCatalogs(own as Catalog, contributions)
  return {
    ...{ name, version, catalog, overruleStoredNo, origin },
    title: options.title ?? name,
    retention: options.retention === undefined ? undefined : retentionIn(options.retention, catalog),
    additional: await Promise.all(
      (options.additionalProduct ?? []).map(async ({ name, file }) => ({
        name,
        catalog: await loadCatalog('--additional-product', file),
      })),
    ),
  }
}

/**
 * Loads a catalog from a module, or from a JSON file: what `catalog release` has written, or what a catalog module passes to
 * `defineCatalog`. Both are checked by the rules of `defineCatalog`.
 *
 * @throws {CallError} when the file cannot be loaded, or holds no catalog.
 * @throws {UsageConfigurationError} when the catalog breaks a rule.
 */
export async function loadCatalog(option: string, file: string): Promise<Catalog> {
  const isData = path.extname(file).toLowerCase() === '.json'
  const given = isData ? readJson(option, file) : await importCatalog(option, file)
  if (typeof given !== 'object' || given === null || !('facts' in given)) {
    throw new CallError(
      isData
        ? `${option} names '${file}', which holds no catalog; write one with \`otel-usage catalog release\`.`
        : `${option} names '${file}', which exports no catalog; export what defineCatalog returns as \`catalog\`.`,
    )
  }
  try {
    return checkedCatalog(given as Catalog)
  } catch (error) {
    if (!(error instanceof UsageConfigurationError)) throw error
    throw new UsageConfigurationError(`The usage catalog in '${file}'`, error.mistakes)
  }
}

function readJson(option: string, file: string): unknown {
  const text = readText(option, file)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CallError(`${option} names '${file}', which is not valid JSON: ${errorMessage(error)}.`, {
      cause: error,
    })
  }
}

async function importCatalog(option: string, file: string): Promise<unknown> {
  // Node.js says less clearly what is wrong with a file that cannot be read.
  readText(option, file)
  try {
    const module = await import(pathToFileURL(path.resolve(file)).href)
    return module.catalog ?? module.default
  } catch (error) {
    // By its code: the module has its own copy of the class. Such a message says itself where the mistake is.
    const isMistake = (error as { code?: unknown } | null)?.code === 'ERR_USAGE_CONFIGURATION'
    const hint = isMistake ? '' : `. \`node ${file}\` shows where.`
    throw new CallError(
      `${option} names '${file}', which could not be loaded: ${errorMessage(error)}${hint}`,
      {
        cause: error,
      },
    )
  }
}

/** Returns how long facts of each level are kept. */
function retentionIn(text: string, { levels }: Catalog): Record<string, string> {
  if (!text.includes('=')) return Object.fromEntries(levels.map((level) => [level, text]))
  const times = Object.fromEntries(
    text.split(',').map((part) => part.split('=').map((one) => one.trim()) as [string, string]),
  )
  const example = levels.map((level) => `${level}=90 days`).join(',')
  const unknown = Object.keys(times).find((level) => !levels.includes(level))
  if (unknown !== undefined) {
    throw new CallError(
      `--retention names the level '${unknown}', which the catalog does not have; write ${example}.`,
    )
  }
  const missing = levels.find((level) => !times[level])
  if (missing === undefined) return times
  throw new CallError(`--retention does not name the level ${missing}; name every level: ${example}.`)
}

function listOf<const Word extends string>(text: string, words: readonly Word[]): readonly Word[] {
  const list = text.split(',').map((one) => one.trim())
  if (list.every((one) => (words as readonly string[]).includes(one))) return list as Word[]
  throw new InvalidArgumentError(`Use some of ${words.join(', ')}, with commas between them.`)
}

function namedFile(text: string): NamedFile {
  const [, name, file] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (name !== undefined && file !== undefined) return { name, file }
  throw new InvalidArgumentError('Write it as <name>=<file>.')
}
