/** Start of the child process: with the same runtime as this process, and with nothing of the product. */
import path from 'node:path'
import {
  type Environment,
  LIBRARY_VERSION,
  process,
  systemEnvironment,
  systemFiles,
} from '../../platform/index.ts'
import { askForMachine } from '../identity/index.ts'
import { MACHINE } from './child.ts'

/** Settings of the product that the child process receives. */
export interface ChildEnvironment {
  /** Environment in which a proxy is looked for; `undefined` if none is used. */
  readonly proxyEnvironment: Environment | undefined
  /** Variable with the headers of the operator. It holds passwords, so it goes by the environment and is not written into the state. */
  readonly headersVariable: Environment
  readonly identity: { readonly machine?: (() => string | undefined) | undefined }
}

/** Variable that marks such a child process, and every process that it starts. */
const DETACHED = 'OTEL_USAGE_DETACHED'

/** Name of the script. A product that is bundled has no file of this name beside itself. */
const NAME = 'otel-usage-detached'

/**
 * Returns the script of the child process: the file `otel-usage-detached` beside another one, as source or built.
 *
 * @throws if the script is not there, or could not run by itself.
 */
export async function findScript(besideFile: string | undefined): Promise<string> {
  if (systemEnvironment()[DETACHED]) throw new Error('this process was started by one that delivers reports')
  // In these, the executable is the product itself: it would be started once more.
  const isProduct =
    process.versions['electron'] !== undefined ||
    'pkg' in process ||
    process.getBuiltinModule('node:sea')?.isSea()
  if (isProduct) throw new Error('the product is a single executable file')
  if (process.versions['pnp'] !== undefined)
    throw new Error(
      "under Yarn Plug'n'Play, Node.js by itself finds neither the script of the child nor its packages",
    )
  const script = besideFile && path.join(path.dirname(besideFile), `${NAME}${path.extname(besideFile)}`)
  const found = script && (await systemFiles.lstat(script).catch(() => undefined))
  if (!found) throw new Error(`${NAME} is not there, perhaps because the product was bundled into one file`)
  return script
}

/** Returns what a child process is started with. If one ended at once, another one with the same runtime will do so too. */
export const runtimeOfChild = (): string =>
  `${process.execPath} ${process.versions.node}, otel-usage ${LIBRARY_VERSION}`

/** Starts the child in a separate session, without a pipe to this process. Does not wait for it. */
export function startChild(
  script: string,
  directory: string,
  { proxyEnvironment = {}, headersVariable, identity }: ChildEnvironment,
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
        ...headersVariable,
        ...(identity.machine && { [MACHINE]: askForMachine(identity.machine) ?? '' }),
        [DETACHED]: '1',
      },
    },
  )
  // If it could not be started, a later process takes over its job.
  child.on('error', () => {})
  child.unref()
}

/** Options of Node.js that set the trusted certificates and the versions of TLS. None of them loads a module. */
const OF_TRUST =
  /^--(?:(?:no-)?use-(?:openssl|bundled|system)-ca|tls-(?:min|max)-v1\.[0-3]|openssl-(?:legacy-provider|shared-config)|(?:enable|force)-fips)$/

/** Returns such options of `NODE_OPTIONS` and of the command line, in the order in which Node.js applies them. */
function optionsOfTrust(nodeOptions = '', execArgv: readonly string[] = []): string[] {
  const words = nodeOptions.split(/\s+/).map((word) => word.replaceAll('"', ''))
  return [...words, ...execArgv]
    .map((word) => word.replaceAll('_', '-'))
    .filter((word) => OF_TRUST.test(word))
}

/** Variables that hold paths, or lists of paths, of trusted certificates and of libraries. */
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

/** Windows ignores the case of names. It finds libraries by `PATH`; elsewhere, a wrapper of Node.js finds Node.js by it. */
const OF_THE_SYSTEM = /^(?:PATH|PATHEXT|SystemRoot|windir|NODE_USE_SYSTEM_CA)$/i

const OF_PROXIES = /^(?:https?|all|no)_proxy$/i

/** Returns the variables that Node.js needs to run and to trust the same certificates. The child runs in another directory. */
function variablesOfTheSystem(environment: Environment): Environment {
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
