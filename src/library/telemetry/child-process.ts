/** How the child process is started that delivers the reports of one that ends: as its equal, and with nothing of the product. */
import path from 'node:path'
import {
  type Environment,
  LIBRARY_VERSION,
  process,
  systemEnvironment,
  systemFiles,
} from '../../platform/index.ts'
import { askForMachine } from '../identity/index.ts'
import type { Settings } from './settings.ts'

/** The variable that tells a process that it is such a child, or was started by one. */
export const DETACHED = 'OTEL_USAGE_DETACHED'

/** The variable that tells the child what tells this machine from others, where the product knows better: it is not stored. */
export const MACHINE = 'OTEL_USAGE_MACHINE'

/** Not a name that a product into which this module was bundled has beside itself. */
const NAME = 'otel-usage-detached'

/**
 * The script of the child lies beside this module: as source, or built.
 *
 * @throws Where it cannot be started as what it is.
 */
export async function scriptOfChild(): Promise<string> {
  if (systemEnvironment()[DETACHED]) throw new Error('this process was started by one that delivers reports')
  // There the executable is the product itself, and would start it once more.
  const isProduct =
    process.versions['electron'] !== undefined ||
    'pkg' in process ||
    process.getBuiltinModule('node:sea')?.isSea()
  if (isProduct) throw new Error('the product is an executable of its own')
  if (process.versions['pnp'] !== undefined)
    throw new Error(
      "under Yarn Plug'n'Play, Node.js by itself finds neither the script of the child nor its packages",
    )
  const { dirname, filename } = import.meta
  const script = dirname && path.join(dirname, `${NAME}${path.extname(filename)}`)
  const found = script && (await systemFiles.lstat(script).catch(() => undefined))
  if (!found) throw new Error(`${NAME} is not there, perhaps because the product was bundled into one file`)
  return script
}

/** What a child is started with: where one has ended at once, another one that is started with the same does too. */
export const runtimeOfChild = (): string =>
  `${process.execPath} ${process.versions.node}, otel-usage ${LIBRARY_VERSION}`

/** It is in a session of its own, holds no pipe of this process, and nobody waits for it. */
export function startChild(
  script: string,
  directory: string,
  { proxyEnvironment = {}, identity }: Pick<Settings, 'proxyEnvironment' | 'identity'>,
): void {
  const { spawn } = process.getBuiltinModule('node:child_process')
  const { NODE_OPTIONS } = systemEnvironment()
  const child = spawn(
    process.execPath,
    [...optionsOfTrust(NODE_OPTIONS, process.execArgv), script, directory],
    {
      cwd: directory,
      detached: true,
      stdio: 'ignore',
      windowsHide: true,
      env: {
        ...variablesOfTheSystem(systemEnvironment()),
        ...only(proxyEnvironment, (name) => OF_PROXIES.test(name)),
        ...(identity.machine && { [MACHINE]: askForMachine(identity.machine) ?? '' }),
        [DETACHED]: '1',
      },
    },
  )
  // One that could not be started leaves its job to a later process.
  child.on('error', () => {})
  child.unref()
}

/** The options of Node.js that say which certificates it trusts, and how it speaks TLS; nothing that loads a module. */
const OF_TRUST =
  /^--(?:(?:no-)?use-(?:openssl|bundled|system)-ca|tls-(?:min|max)-v1\.[0-3]|openssl-(?:legacy-provider|shared-config)|(?:enable|force)-fips)$/

/** Those of `NODE_OPTIONS` and of the command line, in the order in which they hold. */
export function optionsOfTrust(nodeOptions = '', execArgv: readonly string[] = []): string[] {
  const words = nodeOptions.split(/\s+/).map((word) => word.replaceAll('"', ''))
  return [...words, ...execArgv]
    .map((word) => word.replaceAll('_', '-'))
    .filter((word) => OF_TRUST.test(word))
}

/** Variables whose values are paths, or lists of paths: which certificates are trusted, and where libraries are found. */
const OF_PATHS = new Set([
  ...[
    'NODE_EXTRA_CA_CERTS',
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
    'OPENSSL_CONF',
    'OPENSSL_MODULES',
    'NODE_ICU_DATA',
  ],
  ...['LD_LIBRARY_PATH', 'LIBPATH', 'SHLIB_PATH', 'NIX_LD', 'NIX_LD_LIBRARY_PATH'],
  ...[
    'DYLD_LIBRARY_PATH',
    'DYLD_FALLBACK_LIBRARY_PATH',
    'DYLD_FRAMEWORK_PATH',
    'DYLD_FALLBACK_FRAMEWORK_PATH',
  ],
])

/** Windows has its variables in any case. `PATH` leads it to libraries, and elsewhere a wrapper in the place of Node.js to it. */
const OF_THE_SYSTEM = /^(?:PATH|PATHEXT|SystemRoot|windir|NODE_USE_SYSTEM_CA)$/i

const OF_PROXIES = /^(?:https?|all|no)_proxy$/i

/** What Node.js needs where it runs, and to trust whom this process trusts. The child runs in another directory. */
export function variablesOfTheSystem(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value = '']) => {
      if (OF_PATHS.has(name)) return [[name, withoutRelativePaths(value)]]
      return OF_THE_SYSTEM.test(name) ? [[name, value]] : []
    }),
  )
}

function withoutRelativePaths(list: string): string {
  return list
    .split(path.delimiter)
    .map((one) => (one === '' || path.isAbsolute(one) ? one : path.resolve(one)))
    .join(path.delimiter)
}

const only = (environment: Environment, isMeant: (name: string) => boolean): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => isMeant(name)))
