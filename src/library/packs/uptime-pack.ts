/**
 * Why: a leak shows after weeks, a crash at once; both are missed when nobody knows how long the product runs at a
 * stretch.
 * What exactly: the seconds since the process started, rounded down to a power of two. Asked of the runtime; no file is
 * read.
 * Traced back: exact seconds would give the moment of the start, by which reports of one machine could be joined;
 * rounded ones do not. The uptime of the machine is not reported: it is the same for all that runs on it.
 */
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'

/** What {@link uptimePack} takes. */
export interface UptimePackOptions<P extends string> extends PackOptions<P> {
  /** What the pack reads of the system. Default: this one. For tests. */
  readonly host?: Pick<PackHost, 'uptime'>
}

/** How long the process has been running, rounded. */
export function uptimePack<const P extends string = never>(options: UptimePackOptions<P>) {
  const { host = systemPackHost } = options
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
