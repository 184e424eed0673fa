import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Command, InvalidArgumentError } from 'commander'
import { type Catalog, checkedCatalog, combineCatalogs } from '../../catalog/index.ts'
import { defineProduct, isProductName, type ProductDescription } from '../../library/telemetry/index.ts'
import { UsageConfigurationError } from '../../platform/index.ts'
import type { GatewayProduct } from '../collector/index.ts'
import { errorMessage } from '../package/index.ts'
import { CallError } from './call-error.ts'
import { readText } from './text-files.ts'

/** A product, as the options of a command describe it. */
export interface DescribedProduct {
  readonly name: string
  readonly version: string
  /** Catalog with its contributions. */
  readonly catalog: Catalog
  /** Absent where the options give a name and a catalog alone. */
  readonly description: ProductDescription | undefined
  /** Other products and versions whose reports arrive at the same gateway. */
  readonly additional: readonly GatewayProduct[]
}

/** Values of the options that {@link addProductOptions} adds. */
export interface ProductOptions {
  readonly product?: string
  readonly catalog?: readonly string[]
  readonly productVersion?: string
  readonly additionalProduct?: readonly NamedFile[]
}

interface NamedFile {
  readonly name: string
  readonly file: string
}

/** Adds the options that describe a product. Every command takes all of them, so that the same options fit all commands. */
export function addProductOptions(command: Command): Command {
  return command
    .optionsGroup('The product, described in the same way to each command:')
    .option(
      '--product <file>',
      'The description of the product: a module that exports what defineProduct returns, as `product` or as its default; or JSON. `otel-usage init` writes a first one. Or only its name, with --catalog.',
    )
    .option(
      '--catalog <file>',
      "With a description: a contribution to its catalog. Without one: the product's catalog, then its contributions. A module that exports the catalog, as `catalog` or as its default; or the catalog as JSON. Can be repeated.",
      (file: string, files: readonly string[] = []) => [...files, file],
    )
    .option('--product-version <version>', "The product's version, where its description does not say it.")
    .option(
      '--additional-product <name>=<file>',
      'For the gateway: another product whose reports arrive there, or an earlier version of this one. The file is a catalog. Can be repeated.',
      (text: string, all: readonly NamedFile[] = []) => [...all, namedFile(text)],
    )
}

/**
 * Loads and checks what the options name.
 *
 * @throws {CallError} when an option is missing, names a file that cannot be loaded, or contradicts another one.
 * @throws {UsageConfigurationError} when a description or a catalog breaks a rule.
 */
export async function describedProduct(options: ProductOptions): Promise<DescribedProduct> {
  const { product, catalog: files = [], productVersion } = options
  // Checked here, because commander would report a missing option before a misspelt one.
  if (!product)
    throw new CallError('--product is missing; name the file with the description of the product.')
  const loaded = await Promise.all(files.map((file) => loadCatalog('--catalog', file)))
  const additional = await Promise.all(
    (options.additionalProduct ?? []).map(async ({ name, file }) => ({
      name,
      catalog: await loadCatalog('--additional-product', file),
    })),
  )
  // Every other value is a file.
  if (isProductName(product)) {
    const [own, ...contributions] = loaded
    if (own === undefined)
      throw new CallError(
        `--catalog is missing; name the file of the catalog, or the description of '${product}' with --product <file>.`,
      )
    const catalog = combined(own, contributions)
    return {
      name: product,
      version: productVersion ?? UNVERSIONED,
      catalog,
      description: undefined,
      additional,
    }
  }
  const described = await loadProduct('--product', product, productVersion)
  const { name, version } = described
  if (productVersion !== undefined && productVersion !== version)
    throw new CallError(
      `--product-version is ${productVersion}, and '${product}' says ${version}; leave the option out.`,
    )
  const catalog = combined(described.catalog, loaded)
  return { name, version, catalog, description: { ...described, catalog }, additional }
}

/**
 * Loads what a command needs that asks about a product: its name, and its catalog where the option names the file of a description. The
 * store may have any other name as well, of products that do not use this library.
 *
 * @throws {CallError} when the option names a file that cannot be loaded.
 * @throws {UsageConfigurationError} when a description breaks a rule.
 */
export async function namedProduct(
  product: string,
): Promise<{ readonly name: string; readonly catalog: Catalog | undefined }> {
  return A_FILE.test(product) ? loadProduct('--product', product) : { name: product, catalog: undefined }
}

/** Value of `--product` that names a file. */
const A_FILE = /\.(?:json|[cm]?[jt]s)$/

const combined = (own: Catalog, contributions: readonly Catalog[]): Catalog =>
  contributions.length === 0 ? own : combineCatalogs(own, contributions)

/** Version of a product that says none. */
const UNVERSIONED = '0.0.0'

/**
 * Loads the description of a product from a module, or from JSON. In JSON, `catalog` may be the path of another JSON file, seen from the
 * folder of the description.
 *
 * @throws {CallError} when the file cannot be loaded, or holds no description.
 * @throws {UsageConfigurationError} when the description breaks a rule.
 */
async function loadProduct(option: string, file: string, version = UNVERSIONED): Promise<LoadedProduct> {
  const isData = isJson(file)
  let given = isData ? readJson(option, file) : await importExport(option, file, 'product')
  if (!isRecord(given) || !('name' in given)) {
    throw new CallError(
      isData
        ? `${option} names '${file}', which holds no description of a product.`
        : `${option} names '${file}', which exports no description; export what defineProduct returns as \`product\`.`,
    )
  }
  if (isData && typeof given['catalog'] === 'string') {
    const catalog = await loadCatalog('catalog', path.resolve(path.dirname(file), given['catalog']))
    given = { ...given, catalog }
  }
  const described = withVersion({ version, ...(given as object) } as ProductDescription, file)
  return checkedAs(
    `The description of the product in '${file}'`,
    () => defineProduct(described) as LoadedProduct,
  )
}

/** A description whose version is a text: a function for it has been called. */
type LoadedProduct = ProductDescription & { readonly version: string }

/** Returns a description with the version of now, if it has a function for it. */
function withVersion(described: ProductDescription, file: string): ProductDescription {
  const { version } = described
  if (typeof version !== 'function') return described
  try {
    return { ...described, version: version() }
  } catch (error) {
    throw new CallError(
      `The version of the product in '${file}' could not be read: its function has thrown (${errorMessage(error)}).`,
      { cause: error },
    )
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
  const isData = isJson(file)
  const given = isData ? readJson(option, file) : await importExport(option, file, 'catalog')
  if (!isRecord(given) || !('facts' in given)) {
    throw new CallError(
      isData
        ? `${option} names '${file}', which holds no catalog; write one with \`otel-usage catalog release\`.`
        : `${option} names '${file}', which exports no catalog; export what defineCatalog returns as \`catalog\`.`,
    )
  }
  return checkedAs(`The usage catalog in '${file}'`, () => checkedCatalog(given as object as Catalog))
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

async function importExport(option: string, file: string, name: 'catalog' | 'product'): Promise<unknown> {
  // Node.js says less clearly what is wrong with a file that cannot be read.
  readText(option, file)
  try {
    const module = await import(pathToFileURL(path.resolve(file)).href)
    return module[name] ?? module.default
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

/** Runs a check, and lets its error name the file. */
function checkedAs<Result>(subject: string, check: () => Result): Result {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof UsageConfigurationError)) throw error
    throw new UsageConfigurationError(subject, error.mistakes)
  }
}

const isJson = (file: string) => path.extname(file).toLowerCase() === '.json'

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

function namedFile(text: string): NamedFile {
  const [, name, file] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (name !== undefined && file !== undefined) return { name, file }
  throw new InvalidArgumentError('Write it as <name>=<file>.')
}
