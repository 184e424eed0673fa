/**
 * Purpose: to choose limits and defaults for the machines that the product runs on.
 * Data: the number of processors and the memory in bytes that the process may use, and the size in bytes of the file system of one
 * directory, each rounded down to a power of two. Model, serial number, name and the directory are not reported.
 * Identifiability: exact sizes would almost identify a machine; many machines share the rounded ones.
 */
import type { URL } from '../../platform/index.ts'
import { ownOf } from '../../platform/index.ts'
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'

/** Options of {@link machinePack}. */
export interface MachinePackOptions<P extends string> extends PackOptions<P> {
  /** The catalog's prefix, for the names that OpenTelemetry's semantic conventions do not define. */
  readonly prefix: P
  /** Directory whose file system is measured, such as that of the product's data. Never reported. Default: the runtime's. */
  readonly directory?: string | URL
  /** Access to the system. Default: the system of this process. For tests. */
  readonly host?: Pick<PackHost, 'cores' | 'totalMemory' | 'memoryLimit' | 'diskSize'>
}

/** Returns a pack of facts about the size of the machine, rounded: processors, memory, disk. */
export function machinePack<const P extends string>(options: MachinePackOptions<P>) {
  const { directory, host = systemPackHost } = ownOf(options)
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

/** Returns the value if it is a finite number from 1; otherwise `undefined`. */
const sizeOf = (value: number | undefined) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 1 ? value : undefined
