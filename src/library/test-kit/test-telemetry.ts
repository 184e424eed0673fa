import type { Facts } from '../../catalog/index.ts'
import { type Date, type Environment, type Logger, ownOf, tellHost } from '../../platform/index.ts'
import { createMemoryStore, type StateStore } from '../../state/index.ts'
import {
  checkOptions,
  createPluggable,
  type DescribedTelemetryOptions,
  type UsageTelemetry,
  type UsageTelemetryOptions,
} from '../telemetry/index.ts'
import { createTestClock, type TestClock } from './test-clock.ts'
import { createTestReceiver, type TestReceiver } from './test-receiver.ts'

/** Options of the product under test, as it passes them to `createUsageTelemetry`, or as it passes them there with its description. */
export type TestTelemetryOptions<F extends Facts = Facts> =
  | UsageTelemetryOptions<F>
  | DescribedTelemetryOptions<F>

/** Changes at a restart: another environment, other values of the sources of consent that are named, another version of the product. */
export type TestTelemetryChanges = Pick<UsageTelemetryOptions, 'environment' | 'consent'> & {
  /** Version of the product, as after an upgrade. */
  readonly version?: UsageTelemetryOptions['product']['version']
}

/** Usage telemetry under test, and the world around it. */
export interface TestTelemetry<F extends Facts = Facts> {
  /** Telemetry of the product, not started yet. After a restart, the new one. */
  readonly usage: UsageTelemetry<F>
  /** Clock that stands until the test moves it. */
  readonly clock: TestClock
  /** Receiver of the reports, without a socket. */
  readonly receiver: TestReceiver
  /** Lines that the telemetry has logged, each with its level: `warn: …`; `print: …` for what goes to standard error. */
  readonly log: readonly string[]
  /**
   * Ends the product's telemetry and creates it again on the same state, as a restart of the process does. Returns the new one, not
   * started yet: the product sets its values and starts it again.
   */
  restart(changes?: TestTelemetryChanges): Promise<UsageTelemetry<F>>
}

/**
 * Creates the usage telemetry of a product for a test. Consent, counts, schedule, outbox and ledger are the real ones; what is around them is the
 * test's: a clock that stands until the test moves it, a receiver in place of the network, and an environment without variables. It
 * opens no socket, starts no process, and writes no file. What is left to chance elsewhere, the time of day of the reports and the delays
 * of further attempts, is the same in each run.
 *
 * Of the options, `environment` holds as it is, without the variables of this process; `state` only if it is a store, and a directory
 * is replaced by memory; the logger is called besides; `clock` and `proxy` have no effect. With `delivery: 'detached'` a shutdown sends
 * by itself, instead of starting a process that does.
 *
 * @param now Time at which the clock of the test stands. Default: 2026-01-01T00:00Z.
 * @throws {UsageConfigurationError} that lists every mistake in the options, as `createUsageTelemetry` does.
 */
export function createTestTelemetry<F extends Facts>(
  options: TestTelemetryOptions<F>,
  { now = '2026-01-01T00:00:00Z' }: { readonly now?: Date | string | number } = {},
): TestTelemetry<F> {
  let product = ownOf(checkOptions(options)) as UsageTelemetryOptions<F>
  const { clock, sourceClock } = createTestClock(now, loadReporting)
  const { receiver, transport, fetchFeed } = createTestReceiver(clock)
  const state: StateStore = typeof product.state === 'object' ? product.state : createMemoryStore()
  const log: string[] = []
  const keep = (level: string) => (text: string) => void log.push(`${level}: ${text}`)

  const logger = Object.fromEntries(
    (['debug', 'info', 'warn', 'error'] as const).map((level) => [
      level,
      (text: string) => {
        keep(level)(text)
        tellHost(() => product.logger?.[level](text))
      },
    ]),
  ) as unknown as Logger

  const create = (): UsageTelemetry<F> => {
    const { proxy: _, delivery, environment = NO_VARIABLES, debugOutput = keep('print'), ...rest } = product
    return createPluggable<F>(
      {
        ...{ ...rest, environment, debugOutput, state, clock, logger },
        ...(delivery !== undefined && { delivery: delivery === 'detached' ? AT_ONCE : delivery }),
      },
      undefined,
      { transport, fetchFeed, sourceClock, random: () => 0.5 },
    ).usage
  }
  let usage = create()

  return {
    get usage() {
      return usage
    },
    clock,
    receiver,
    log,
    async restart(changes = {}) {
      const { version = product.product.version, environment = product.environment, consent } = ownOf(changes)
      product = ownOf({
        ...product,
        ...(environment && { environment }),
        consent: { ...product.consent, ...consent },
        product: { ...product.product, version },
      })
      let hasEnded = false
      const ending = usage.shutdown().then(() => {
        hasEnded = true
      })
      await clock.advance(0)
      // A receiver that hangs holds up a process that sends at its end.
      if (!hasEnded) await clock.advance(MAX_END)
      await ending
      usage = create()
      return usage
    },
  }
}

const NO_VARIABLES: Environment = Object.freeze({})

/** Longest time that a shutdown may take, in milliseconds. */
const MAX_END = 30_000

const AT_ONCE = { within: MAX_END }

/** Loads what a report needs. */
const loadReporting = () =>
  Promise.all([
    import('../report/index.ts'),
    import('../delivery/index.ts'),
    import('../transport/index.ts'),
    import('../identity/index.ts'),
    import('../ledger/index.ts'),
  ])
