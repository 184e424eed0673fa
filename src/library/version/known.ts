import { type Clock, createMutex, errorOf, type Logger, ownOf } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import {
  EMPTY_MEMORY,
  forgetVersions,
  readAcknowledgements,
  readMemory,
  type VersionMemory,
  writeMemory,
} from './memory.ts'
import { type Acknowledgement, holdsUntil, isWorthShowing, noticeOf } from './notice.ts'
import type { ShownVersion, VersionNotice } from './types.ts'

/** Knowledge of this process about versions: findings, acknowledgements and failures, as it and others have stored them. */
export interface KnownVersions {
  memory(): VersionMemory
  /** Reads what this or another process has stored. Never rejects. */
  look(): Promise<void>
  /** Changes the stored state. Where it cannot be written, the change holds in this process. What is kept for the next start goes with it. */
  change(changes: Partial<VersionMemory>): Promise<void>
  /** Deletes everything that is stored. */
  forget(): Promise<void>
  /** Adds an acknowledgement that is stored. */
  add(acknowledgement: Acknowledgement): void
  /** Returns the notice of now; `undefined` if nothing is known about the running version, or the checks are off. */
  notice(): VersionNotice | undefined
  /** Returns that notice, with its text if it is worth a person's attention, and the time until which both hold. */
  shown(): ShownVersion
}

export interface KnownVersionsOptions {
  readonly state: StateStore
  readonly clock: Clock
  readonly logger: Logger
  /** Name of the product for people. */
  readonly title: string
  /** Returns the running version. */
  readonly version: () => string
  /** Returns whether a notice may be shown. */
  readonly isOn: () => boolean
}

export function createKnownVersions(options: KnownVersionsOptions): KnownVersions {
  const { state, clock, logger, title, version, isOn } = options
  let memory: VersionMemory = EMPTY_MEMORY
  let acknowledged: readonly Acknowledgement[] = []
  /** Mutex for writing and deleting: what an opt-out deletes must not come back with a write that was on its way. */
  const runExclusive = createMutex()

  function notice(): VersionNotice | undefined {
    const { findings } = memory
    if (!findings || findings.version !== version() || !isOn()) return undefined
    return noticeOf(findings, { title, acknowledged, now: clock.now() })
  }

  return {
    memory: () => memory,
    async look() {
      const [stored, lines] = await Promise.all([readMemory(state), readAcknowledgements(state)])
      // A store that lost everything does not take back what this process knows.
      if (stored !== EMPTY_MEMORY || memory === EMPTY_MEMORY) memory = stored
      acknowledged = lines
    },
    async change(changes) {
      memory = ownOf({ ...memory, start: undefined, ...changes })
      await runExclusive(async () => {
        if (isOn()) await writeMemory(state, memory)
      }).catch(() => {})
    },
    async forget() {
      memory = EMPTY_MEMORY
      acknowledged = []
      await runExclusive(() => forgetVersions(state)).catch((error) =>
        logger.debug(
          `What is stored of the version checks in ${state.location} was not deleted: ${errorOf(error).message}.`,
        ),
      )
    },
    add(acknowledgement) {
      acknowledged = [...acknowledged, acknowledgement]
    },
    notice,
    shown() {
      const { findings } = memory
      const now = notice()
      if (!now || !findings) return {}
      return {
        notice: now,
        text: isWorthShowing(now, findings) ? now.message : undefined,
        until: holdsUntil(findings, { acknowledged, now: clock.now() }),
      }
    },
  }
}
