import type { Clock, Logger } from '../../platform/index.ts'
import { createDirectoryStore, type StateStore, storeWithTimeout } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { MAX_LIFE } from './child.ts'
import { type ChildEnvironment, findScript, runtimeOfChild, startChild } from './child-process.ts'
import { createJob, readEntry, removeEntry, writeSetback } from './job.ts'

export interface HandOverOptions extends ChildEnvironment {
  /** Directory of the state; `undefined` if the state is elsewhere, where a child process could not find it. */
  readonly directory: string | undefined
  /** `true` if the stored state outlives the process. */
  readonly isDurable: boolean
  /** File beside which the script of the child process lies; `undefined` if the product was bundled. */
  readonly besideFile: string | undefined
  readonly clock: Clock
  readonly logger: Logger
  readonly verdict: Verdict
  /** Makes the work of the child under a verdict, as JSON. */
  readonly makeWork: (verdict: Verdict) => Promise<unknown>
  /** Reads consent once more, right before the child is started: making the work takes its time. */
  readonly maySend: () => Promise<boolean>
}

/** Age from which a job counts as abandoned, in milliseconds: its child was killed, or could not be started. */
const ABANDONED_AFTER = 2 * MAX_LIFE

/** Time in which no child is started after one has ended at once, in milliseconds. */
const SETBACK_TIME = 30 * 86_400_000

/**
 * Starts the child process, unless one is running. Returns `'send-here'` if a child is of no use here, because one ended at once before;
 * otherwise `'left'`: to the child, or to a later process. Never rejects.
 */
export async function spawnDetachedSender(options: HandOverOptions): Promise<'left' | 'send-here'> {
  const { directory, besideFile, clock, logger, isDurable, makeWork, verdict, maySend } = options
  try {
    if (directory === undefined) throw new Error('its state is not in a directory that is named')
    const script = await findScript(besideFile)
    // Without the fallback to memory: the child could not read that.
    const store = storeWithTimeout(createDirectoryStore(directory, undefined, clock), clock)
    const found = await lookAtEntry(store, clock, logger)
    if (found !== 'none' && found !== 'abandoned') return found
    const work = await makeWork(verdict)
    if (found === 'abandoned') await removeEntry(store)
    if (!(await createJob(store, clock.now(), work))) return 'left'
    if (await maySend()) startChild(script, directory, options)
    else await removeEntry(store)
  } catch (error) {
    const fate = isDurable ? 'left to a later process' : 'not sent'
    logger.debug(`The usage report is ${fate}: ${(error as Error).message}.`)
  }
  return 'left'
}

/** Decides what the entry of an earlier process means for this one. Notes the setback if the child of that process ended at once. */
async function lookAtEntry(
  store: StateStore,
  clock: Clock,
  logger: Logger,
): Promise<'none' | 'abandoned' | 'left' | 'send-here'> {
  const entry = await readEntry(store)
  if (entry === undefined) return 'none'
  if (entry === 'unreadable') return 'abandoned'
  const age = clock.now() - entry.at
  const isYounger = (than: number) => age >= 0 && age < than
  const runtime = runtimeOfChild()
  if ('runtime' in entry)
    return entry.runtime === runtime && isYounger(SETBACK_TIME) ? 'send-here' : 'abandoned'
  if (isYounger(ABANDONED_AFTER)) return 'left'
  if (entry.begun) return 'abandoned'
  await writeSetback(store, clock.now(), runtime)
  logger.debug(
    `The child process that was to deliver usage reports has ended at once (${runtime}). For 30 days reports are sent at the end of ` +
      'a run instead: the run that finds a report due takes up to a second longer.',
  )
  return 'send-here'
}
