import type { Command } from 'commander'
import type { Environment } from '../../platform/index.ts'
import { errorMessage, GatewayError, MissingPackageError } from '../package/index.ts'
import { databaseOf } from '../stack/index.ts'
import { applyReader, readerStatements, type StoreReader } from '../store/index.ts'
import { CallError } from './call-error.ts'
import { namedProduct } from './catalog-product.ts'
import { type ClusterOptions, clusterOf, takesCluster } from './cluster-option.ts'
import type { CommandContext } from './command-io.ts'
import { storeUrlOf } from './store-url.ts'

/** Adds `otel-usage gateway reader`. */
export function addReaderCommand(gateway: Command, context: CommandContext): void {
  takesCluster(
    gateway
      .command('reader')
      .description(
        'Make a user of the store that sees no small group, for Grafana or a colleague; password in USAGE_READER_PASSWORD.',
      )
      .option('--user <name>', 'Name of the user in ClickHouse.', 'grafana')
      .option(
        '--product <name>',
        'A product whose numbers it sees, or the file of its description. Can be repeated. Default: all.',
        (name: string, names: readonly string[] = []) => [...names, name],
      )
      .option('--smallest-group <number>', 'Smallest group that the views of all readers show.', '5')
      .option('--print', 'Print the statements, and do nothing.'),
  ).action((options: ReaderCommandOptions) => reader(options, context))
}

interface ReaderCommandOptions extends ClusterOptions {
  readonly user: string
  readonly product?: readonly string[]
  readonly smallestGroup: string
  readonly print?: true
}

async function reader(given: ReaderCommandOptions, context: CommandContext): Promise<void> {
  const { environment, stdout, plain } = context
  const password = environment['USAGE_READER_PASSWORD']
  if (!password)
    throw new CallError('USAGE_READER_PASSWORD is not set; set it to the password that the user is to have.')
  const products = given.product && (await Promise.all(given.product.map(namedProduct)))
  const user: StoreReader = { name: given.user, password, products: products?.map(({ name }) => name) }
  const options = {
    database: databaseOf(environment),
    cluster: clusterOf(given),
    smallestGroup: Number(given.smallestGroup),
  }
  if (given.print) {
    const statements = await readerStatements(user, options)
    plain.write(statements.map((statement) => `${statement};\n`).join('\n'))
    return
  }
  const url = await storeUrlOf(environment)
  await applyReader({ url, ...options }, user).catch((error) => {
    if (error instanceof GatewayError || error instanceof MissingPackageError) throw error
    throw new GatewayError(`The reader could not be made: ${errorMessage(error)}`, { cause: error })
  })
  stdout.write(`The user '${user.name}' reads ${shownProducts(user)}.\n`)
}

/** Returns the reader that the environment asks `gateway up` for, if it does. */
export function readerOf(environment: Environment): StoreReader | undefined {
  const password = environment['USAGE_READER_PASSWORD']
  if (!password) return undefined
  const products = (environment['USAGE_READER_PRODUCTS'] ?? '').split(',').map((name) => name.trim())
  const named = products.filter((name) => name !== '')
  return {
    name: environment['USAGE_READER_USER'] || 'grafana',
    password,
    products: named.length > 0 ? named : undefined,
  }
}

export const shownProducts = ({ products }: StoreReader): string =>
  `the views of ${products ? products.join(', ') : 'all products'}`
