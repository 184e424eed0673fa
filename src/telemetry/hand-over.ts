/**
 * What an ending process hands over to a child process that outlives it, by an entry of the state directory, and how the child
 * is started. The entry is also what keeps others from starting one: it is made where there is none, by one process of many.
 */
import path from 'node:path'
import { type Catalog, valuesIn, withheldBy } from '../catalog/index.ts'
import type { Verdict } from '../consent/index.ts'
import { collectFacts, type FactPoint, tallyAsData } from '../facts/index.ts'
import { type Environment, process, systemEnvironment, systemFiles, TextDecoder } from '../host/index.ts'
import { askForMachine } from '../identity/index.ts'
import { createDirectoryStore, createTimelyStore, ENTRIES, type StateStore } from '../state/index.ts'
import type { Contributions } from './contributions.ts'
import type { UsageTelemetryOptions } from './options.ts'
import type { Settings } from './settings.ts'

/** What the child does, as data: no code, and no configuration, of the host goes with it. */
export interface Job {
  readonly format: typeof FORMAT
  /** When it was made, in milliseconds since 1970. */
  readonly at: number
  readonly options: Pick<
    UsageTelemetryOptions,
    'product' | 'catalog' | 'endpoint' | 'proxy' | 'consent' | 'schedule' | 'identity'
  >
  /** What decides about consent of the environment of the process that ends. */
  readonly environment: Environment
  /** The catalogs that contribute facts. */
  readonly parts: readonly Catalog[]
  /** The values of the attribute facts by name, and those of the gauge facts. */
  readonly attributes: Readonly<Record<string, unknown>>
  readonly points: readonly Pick<FactPoint, 'name' | 'attributes' | 'value'>[]
  /** The totals of sources that outlive the process, by tally key. */
  readonly observed: Readonly<Record<string, number>>
}

export interface HandOverOptions {
  readonly settings: Settings
  readonly contributions: Contributions
}

/** The variable that tells a process that it is such a child, or was started by one. */
export const DETACHED = 'OTEL_USAGE_DETACHED'

/** The variable that tells the child what tells this machine from others, where the product knows better: it is not stored. */
export const MACHINE = 'OTEL_USAGE_MACHINE'

/** How long the child lives at most, in milliseconds. */
export const DEADLINE = 30_000

/** From when on a job counts as abandoned, in milliseconds: a child was killed, or could not be started. */
const ABANDONED = 2 * DEADLINE

const FORMAT = 1

/** What one fact may take, in milliseconds: the process wants to end. */
const FACT_BUDGET = 20

/**
 * Starts the child, unless one is at it. Never rejects.
 *
 * @param maySend asked once more when all that is missing is the child: the facts have taken their time
 */
export async function handOver(
  options: HandOverOptions,
  verdict: Verdict,
  maySend: () => Promise<boolean>,
): Promise<void> {
  const { settings } = options
  const { directory, clock, logger } = settings
  try {
    if (directory === undefined) throw new Error('its state is not in a directory that is named')
    const script = await scriptOfChild()
    // Not through the store that goes on in memory where it cannot write: the child could not read that.
    const store = createTimelyStore(createDirectoryStore(directory, undefined, clock), clock)
    const before = await readJob(store)
    const age = clock.now() - (before?.at ?? 0)
    if (before && age >= 0 && age < ABANDONED) return
    const job = await jobOf(options, verdict)
    if (before) await store.remove(ENTRIES.detached)
    const made = await store.create(ENTRIES.detached, `${JSON.stringify(job)}\n`)
    if (!made) return
    if (await maySend()) startChild(script, directory, settings)
    else await store.remove(ENTRIES.detached)
  } catch (error) {
    const { message } = error as Error
    const fate = settings.noPlace !== undefined ? 'not sent' : 'left to a later process'
    logger.debug(`The usage report is ${fate}: ${message}.`)
  }
}

/** The job in a store; `undefined` where there is none. What cannot be understood is an old one. */
export async function readJob(store: StateStore): Promise<Job | { readonly at: 0 } | undefined> {
  const bytes = await store.read(ENTRIES.detached)
  if (!bytes) return undefined
  try {
    const job: Job = JSON.parse(new TextDecoder().decode(bytes))
    return job.format === FORMAT && Number.isFinite(job.at) ? job : { at: 0 }
  } catch {
    return { at: 0 }
  }
}

/**
 * The script of the child lies beside this module: as source, or built.
 *
 * @throws Where it cannot be started as what it is.
 */
async function scriptOfChild(): Promise<string> {
  if (systemEnvironment()[DETACHED]) throw new Error('this process was started by one that delivers reports')
  // There the executable is the product itself, and would start it once more.
  const isProduct =
    process.versions['electron'] !== undefined ||
    'pkg' in process ||
    process.getBuiltinModule('node:sea')?.isSea()
  if (isProduct) throw new Error('the product is an executable of its own')
  const { dirname, filename } = import.meta
  const script = dirname && path.join(dirname, `${NAME}${path.extname(filename)}`)
  const found = script && (await systemFiles.lstat(script).catch(() => undefined))
  if (!found) throw new Error(`${NAME} is not there, perhaps because the product was bundled into one file`)
  return script
}

/** Not a name that a product into which this module was bundled has beside itself. */
const NAME = 'otel-usage-detached'

async function jobOf({ settings, contributions }: HandOverOptions, verdict: Verdict): Promise<Job> {
  const { product, clock, policy, consentInputs } = settings
  const { machine: _, ...identity } = settings.identity
  const { prefix, legacyPrefixes = [], environment } = consentInputs
  const catalog = contributions.catalog()
  const [, ...parts] = contributions.stores.all.map((store) => store.catalog)
  const moment = { at: clock.now(), productVersion: product.version }
  const { attributes, points, observed } = await collectFacts(contributions.stores, {
    clock,
    factBudget: FACT_BUDGET,
    includes: (name) => withheldBy(catalog, name, verdict.reach, moment) === undefined,
  })
  return {
    format: FORMAT,
    at: clock.now(),
    options: {
      product: { ...product, environmentPrefix: prefix, legacyEnvironmentPrefixes: legacyPrefixes },
      catalog: settings.catalog,
      endpoint: settings.schemaUrl,
      ...(settings.proxyEnvironment && { proxy: 'environment' }),
      consent: {
        default: consentInputs.default,
        flag: policy.flag,
        configured: policy.configured,
        ...(policy.ignore && { ignore: policy.ignore }),
        ...(policy.overruleStoredNo && { overruleStoredNo: policy.overruleStoredNo }),
        ...(policy.keepInstallation && { keepInstallation: true }),
      },
      schedule: scheduleOf(settings),
      identity,
    },
    // Not the directory: it is known, and may be relative to where the process ran.
    environment: only(environment, (name) =>
      [prefix, ...legacyPrefixes].some(
        (one) => withoutCase(name).startsWith(`${one}_TELEMETRY`) && name !== `${one}_TELEMETRY_DIR`,
      ),
    ),
    parts,
    attributes: Object.fromEntries(valuesIn(catalog, attributes)),
    points: points
      .filter(({ kind }) => kind === 'gauge')
      .map(({ name, attributes, value }) => ({ name, attributes, value })),
    observed: tallyAsData(observed),
  }
}

/** Variables count in any case, where they withhold something. */
const withoutCase = (name: string) => name.toUpperCase().replaceAll('-', '_')

const scheduleOf = ({ interval, initialDelay, undecidedDelay, firstPhase }: Settings) => ({
  ...{ interval, initialDelay, undecidedDelay },
  ...(firstPhase && { firstPhase }),
})

/** What Node.js needs where it runs, and to trust whom this process trusts. */
const OF_THE_SYSTEM = new Set(['SystemRoot', 'windir', 'NODE_EXTRA_CA_CERTS', 'NODE_USE_SYSTEM_CA'])

const OF_PROXIES = /^(?:https?|all|no)_proxy$/i

/** It is in a session of its own, holds no pipe of this process, and nobody waits for it. */
function startChild(script: string, directory: string, { proxyEnvironment = {}, identity }: Settings): void {
  const { spawn } = process.getBuiltinModule('node:child_process')
  const child = spawn(process.execPath, [script, directory], {
    cwd: directory,
    detached: true,
    stdio: 'ignore',
    windowsHide: true,
    env: {
      ...only(systemEnvironment(), (name) => OF_THE_SYSTEM.has(name)),
      ...only(proxyEnvironment, (name) => OF_PROXIES.test(name)),
      ...(identity.machine && { [MACHINE]: askForMachine(identity.machine) ?? '' }),
      [DETACHED]: '1',
    },
  })
  // One that could not be started leaves its job to a later process.
  child.on('error', () => {})
  child.unref()
}

const only = (environment: Environment, isMeant: (name: string) => boolean): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => isMeant(name)))
