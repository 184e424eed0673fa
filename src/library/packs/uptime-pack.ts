import { ownOf } from '../../platform/index.ts'
/**
 * Purpose: to detect leaks and crashes, which show in how long the product runs between restarts.
 * Data: the seconds since the start of the process, rounded down to a power of two, from the runtime. The pack reads no file.
 * Identifiability: exact seconds would reveal the time of the start, which could link the reports of one machine; rounded seconds do not.
 * The uptime of the machine is not reported: it is the same for every program on the machine.
 */
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'

/** Options of {@link uptimePack}. */
export interface UptimePackOptions<P extends string> extends PackOptions<P> {
  /** Access to the system. Default: the system of this process. For tests. */
  readonly host?: Pick<PackHost, 'uptime'>
}

/** Returns a pack with the uptime of the process in seconds, rounded. */
export function uptimePack<const P extends string = never>(options: UptimePackOptions<P>) {
  const { host = systemPackHost } = ownOf(options)
  return createPack('uptime', options, {
    'process.uptime': item(
      {
        kind: 'gauge',
        unit: 's',
        round: 'log2',
        why: 'Shows how long the product runs without a restart, rounded down to a power of two.',
        example: 65_536,
      },
      () => {
        const seconds = host.uptime()
        return Number.isFinite(seconds) && seconds >= 0 ? Math.floor(seconds) : undefined
      },
    ),
  })
}
