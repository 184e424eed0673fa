import { Date, errorOf, memberOf, type Timer, tellHost } from '../../platform/index.ts'
import type { Verdict } from '../consent/index.ts'
import type { Transport } from '../transport/index.ts'
import type { VersionNotice, VersionWatch, VersionWatchOptions } from '../version/index.ts'
import type { Settings } from './settings.ts'
import type { VersionCheck } from './version-check.ts'
import {
  consentKey,
  type DisclosedVersions,
  noticeIn,
  productKey,
  readVersionStart,
  type VersionStart,
} from './version-start.ts'

/** Version checks of a telemetry. They are loaded some time after a start, if an earlier start has stored what there is to show. */
export interface Versions {
  /**
   * Reads what an earlier start has stored. Otherwise it loads the checks of the options.
   *
   * @throws {UsageConfigurationError} that lists every mistake in the options.
   */
  prepare(): Promise<void>
  /** Shows the notice that is kept, and plans the checks. */
  start(): Promise<void>
  /** Applies a changed verdict. */
  apply(): Promise<void>
  /** Returns what the notice of consent says about the version checks under a verdict. */
  disclosed(verdict: Verdict): DisclosedVersions
  notice(): VersionNotice | undefined
  /** Returns a transport that passes on what a receiver says about versions. */
  hearing(transport: Transport): Transport
  /** Loads the version checks. */
  load(): Promise<VersionWatch>
  /** Loads them for the end of a short-lived process; `undefined` if there is nothing to do and nothing to show. */
  loadAtEnd(): Promise<VersionWatch | undefined>
  stop(): void
}

/** Time after a start before the version checks are loaded, in milliseconds: the host is busy starting. */
const LOAD_DELAY = 10_000

export function createVersions(
  settings: Settings,
  consent: Pick<VersionWatchOptions, 'verdict' | 'readVerdict' | 'maySend'>,
): Versions {
  const { versionCheck, clock, logger, disclosure } = settings
  const { verdict, maySend } = consent
  let check: VersionCheck | undefined
  let watch: VersionWatch | undefined
  /** Texts and notice that an earlier start has stored, until the checks have begun. */
  let stored: VersionStart | undefined
  let initialKey: string | undefined
  /** Timer of the load; absent if nothing is left to begin. */
  let timer: Timer | undefined
  let beginning: Promise<void> | undefined
  let isStarted = false

  async function loadCheck(): Promise<VersionCheck> {
    const { createVersionCheck } = await import('./version-check.ts')
    check ??= createVersionCheck(settings, consent)
    return check
  }

  async function load(): Promise<VersionWatch> {
    const loaded = await (await loadCheck()).watch()
    watch = loaded
    if (timer) void begin()
    await beginning
    return loaded
  }

  function begin(): Promise<void> {
    timer?.cancel()
    timer = undefined
    beginning ??= loadCheck()
      .then((loaded) => loaded.watch())
      .then(async (loaded) => {
        watch = loaded
        if (isStarted) await loaded.start()
        stored = undefined
      })
    return beginning
  }

  /** Returns what is stored, if it holds for a product, in the environment of the start by default. */
  function current(product = initialKey): VersionStart | undefined {
    if (!stored || stored.product !== product) return undefined
    const now = verdict()
    const holds = stored.until === undefined || clock.now() < Date.parse(stored.until)
    return holds && stored.consent === consentKey(now, maySend(now)) ? stored : undefined
  }

  return {
    load,
    async prepare() {
      if (!versionCheck || watch) return
      stored = await readVersionStart(settings)
      initialKey = productKey(settings)
      if (stored?.product !== initialKey) await loadCheck()
    },
    async start() {
      if (!versionCheck) return
      isStarted = true
      const shown = current()
      // Without anything that is stored, there is nothing to show, and nothing that an opt-out would delete.
      if (watch || !(shown || (!stored && check?.isOff(verdict())))) return begin()
      for (const sink of disclosure.sinks ?? [])
        tellHost(() => memberOf(sink, 'version')?.call(sink, shown?.text))
      timer = clock.after(LOAD_DELAY, () => {
        begin().catch((error) => logger.debug(`The version checks have failed: ${errorOf(error).message}.`))
      })
    },
    async apply() {
      if (versionCheck && (isStarted || watch)) await (await load()).apply()
    },
    disclosed(now) {
      if (check) return check.disclosed(now)
      return stored?.disclosed[now.state === 'disabled' ? 0 : 1] ?? {}
    },
    notice() {
      if (watch && !stored) return watch.notice()
      // A variable that is set later is obeyed as well.
      return stored && noticeIn(current(productKey(settings, settings.readEnvironment())))
    },
    hearing: (transport) =>
      versionCheck
        ? {
            async send(...attempt) {
              const result = await transport.send(...attempt)
              if (result.outcome === 'accepted' && Object.hasOwn(result, 'versions'))
                await load()
                  .then((loaded) => loaded.hear(result.versions))
                  // The report has arrived.
                  .catch(() => {})
              return result
            },
          }
        : transport,
    async loadAtEnd() {
      const isIdle = !versionCheck || (timer && !stored)
      return isIdle ? undefined : { ...(await load()), stop }
    },
    stop,
  }

  function stop(): void {
    isStarted = false
    timer?.cancel()
    timer = undefined
    beginning = undefined
    stored = undefined
    watch?.stop()
  }
}
