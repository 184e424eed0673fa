/**
 * Why: limits and defaults should fit the machines that the product really runs on.
 * What exactly: how many processors and how much memory the process may use, and how large the file system of one
 * directory is; each rounded down to a power of two before it leaves. No model, serial number or name, and not the
 * directory.
 * Traced back: exact sizes would nearly tell one machine from the next; rounded ones are shared by many.
 */
import type { URL } from '../../platform/index.ts'
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'

/** What {@link machinePack} takes. */
export interface MachinePackOptions<P extends string> extends PackOptions<P> {
  /** The catalog's prefix, with which the pack's names begin that are not OpenTelemetry's. */
  readonly prefix: P
  /** A directory on the disk that matters: that of the product's data. Never reported. Default: the runtime's disk. */
  readonly directory?: string | URL
  /** What the pack reads of the system. Default: this one. For tests. */
  readonly host?: Pick<PackHost, 'cores' | 'totalMemory' | 'memoryLimit' | 'diskSize'>
}

/** The size of the machine, rounded: processors, memory, disk. */
export function machinePack<const P extends string>(options: MachinePackOptions<P>) {
  const { directory, host = systemPackHost } = options
  return createPack('machine', options, {
    '.machine.cores': item(
      {
        kind: 'gauge',
        unit: '{cpu}',
        round: 'log2',
        why: 'Shows for how many processors the product has to be tuned. Rounded down to a power of two.',
        example: 8,
      },
      () => sizeOf(host.cores()),
    ),
    '.machine.memory': item(
      {
        kind: 'gauge',
        unit: 'By',
        round: 'log2',
        why: 'Shows how much memory the product can count on. Rounded down to a power of two.',
        example: 8_589_934_592,
      },
      () => {
        const [total, limit] = [sizeOf(host.totalMemory()), sizeOf(host.memoryLimit())]
        return total !== undefined && limit !== undefined ? Math.min(total, limit) : total
      },
    ),
    '.machine.disk': item(
      {
        kind: 'gauge',
        unit: 'By',
        round: 'log2',
        why: 'Shows for how much data there is room where the product runs. Rounded down to a power of two.',
        example: 137_438_953_472,
      },
      async () => sizeOf(await host.diskSize(directory).catch(() => undefined)),
    ),
  })
}

/** A size that can be one. */
const sizeOf = (value: number | undefined) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 1 ? value : undefined
