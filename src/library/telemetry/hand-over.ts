/**
 * What an ending process hands over to a child process that outlives it, by an entry of the state directory, and how the child
 * is started. The entry is also what keeps others from starting one: it is made where there is none, by one process of many.
 */
import { type Catalog, valuesIn, withholdingReason } from '../../catalog/index.ts'
import { type Environment, parseOwn, TextDecoder } from '../../platform/index.ts'
import { createDirectoryStore, ENTRIES, type StateStore, storeWithTimeout } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { collectFacts, countsToJson, type FactPoint } from '../facts/index.ts'
import { runtimeOfChild, scriptOfChild, startChild } from './child-process.ts'
import type { Contributions } from './contributions.ts'
import type { UsageTelemetryOptions } from './options.ts'
import type { Settings } from './settings.ts'

/** What the child does, as data: no code, and no configuration, of the host goes with it. */
export interface Job {
  readonly format: typeof FORMAT
  /** When it was made, in milliseconds since 1970. */
  readonly at: number
  /** Whether the child has come so far as to read it. */
  readonly begun?: boolean
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
  /** The totals of sources that outlive the process, by series key. */
  readonly observed: Readonly<Record<string, number>>
}

/** What is known where a child has ended at once: what it was started with, and since when nobody tries that any more. */
interface Setback {
  readonly format: typeof FORMAT
  /** Milliseconds since 1970. */
  readonly at: number
  readonly setback: string
}

/** What cannot be understood is old. */
type Found = Job | Setback | { readonly at: 0 }

export interface HandOverOptions {
  readonly settings: Settings
  readonly contributions: Contributions
}

/** How long the child lives at most, in milliseconds. */
export const DEADLINE = 30_000

/** From when on a job counts as abandoned, in milliseconds: a child was killed, or could not be started. */
const ABANDONED = 2 * DEADLINE

/** For how long no child is started after one has ended at once, in milliseconds. */
const SETBACK = 30 * 86_400_000

const FORMAT = 1

/** What one fact may take, in milliseconds: the process wants to end. */
const FACT_BUDGET = 20

/**
 * Starts the child, unless one is at it. `false` where there is no use in it, because one has ended at once before: then the process
 * sends by itself. Never rejects.
 *
 * @param maySend asked once more when all that is missing is the child: the facts have taken their time
 */
export async function spawnDetachedSender(
  options: HandOverOptions,
  verdict: Verdict,
  maySend: () => Promise<boolean>,
): Promise<boolean> {
  const { settings } = options
  const { directory, clock, logger } = settings
  try {
    if (directory === undefined) throw new Error('its state is not in a directory that is named')
    const script = await scriptOfChild()
    // Not through the store that goes on in memory where it cannot write: the child could not read that.
    const store = storeWithTimeout(createDirectoryStore(directory, undefined, clock), clock)
    const before = await readJob(store)
    const age = clock.now() - (before?.at ?? 0)
    const isYounger = (than: number) => age >= 0 && age < than
    if (before && 'setback' in before) {
      if (before.setback === runtimeOfChild() && isYounger(SETBACK)) return false
    } else if (before && isYounger(ABANDONED)) return true
    else if (before && 'options' in before && !before.begun) {
      const setback: Setback = { format: FORMAT, at: clock.now(), setback: runtimeOfChild() }
      await store.write(ENTRIES.detached, `${JSON.stringify(setback)}\n`)
      logger.debug(
        `The child process that was to deliver usage reports has ended at once (${setback.setback}). For 30 days they are sent at ` +
          'the end of a run, which takes the one that finds a report due up to a second.',
      )
      return false
    }
    const job = await jobOf(options, verdict)
    if (before) await store.remove(ENTRIES.detached)
    const made = await store.create(ENTRIES.detached, `${JSON.stringify(job)}\n`)
    if (!made) return true
    if (await maySend()) startChild(script, directory, settings)
    else await store.remove(ENTRIES.detached)
  } catch (error) {
    const { message } = error as Error
    const fate = settings.noPlace !== undefined ? 'not sent' : 'left to a later process'
    logger.debug(`The usage report is ${fate}: ${message}.`)
  }
  return true
}

/** Puts down that the child has begun: otherwise it counts as one that ended at once. */
export const begin = (store: StateStore, job: Job): Promise<void> =>
  store.write(ENTRIES.detached, `${JSON.stringify({ ...job, begun: true })}\n`)

/** The job in a store; `undefined` where there is none. What cannot be understood is an old one. */
export async function readJob(store: StateStore): Promise<Found | undefined> {
  const bytes = await store.read(ENTRIES.detached)
  if (!bytes) return undefined
  try {
    const job: Job | Setback = parseOwn(new TextDecoder().decode(bytes))
    return job.format === FORMAT && Number.isFinite(job.at) ? job : { at: 0 }
  } catch {
    return { at: 0 }
  }
}

async function jobOf({ settings, contributions }: HandOverOptions, verdict: Verdict): Promise<Job> {
  const { product, clock, policy, consentInputs } = settings
  const { machine: _, ...identity } = settings.identity
  const { prefix, legacyPrefixes = [], environment } = consentInputs
  const catalog = contributions.catalog()
  const [, ...parts] = contributions.stores.all.map((store) => store.catalog)
  const moment = { at: clock.now(), productVersion: product.version }
  const collected = await collectFacts(contributions.stores, {
    clock,
    factBudget: FACT_BUDGET,
    includes: (name) => withholdingReason(catalog, name, verdict.permitted, moment) === undefined,
  })
  const { attributes, points, observed } = collected.snapshot()
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
    observed: countsToJson(observed),
  }
}

/** Variables count in any case, where they withhold something. */
const withoutCase = (name: string) => name.toUpperCase().replaceAll('-', '_')

const scheduleOf = ({ interval, initialDelay, undecidedDelay, firstPhase }: Settings) => ({
  ...{ interval, initialDelay, undecidedDelay },
  ...(firstPhase && { firstPhase }),
})

const only = (environment: Environment, isMeant: (name: string) => boolean): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => isMeant(name)))
