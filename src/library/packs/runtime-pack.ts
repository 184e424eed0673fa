import { ownOf } from '../../platform/index.ts'
/**
 * Purpose: to decide when to drop an old runtime, and when to use the features of a new one.
 * Data: the name of the runtime and the numbers of its version, from the runtime itself. The pack reads no file.
 * Identifiability: all users of the same runtime report the same values. For a custom build of a runtime only the numbers of its version
 * are reported, or nothing.
 */
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { numericVersion } from './numeric-version.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'

/** Options of {@link runtimePack}. */
export interface RuntimePackOptions<P extends string> extends PackOptions<P> {
  /** Access to the system. Default: the system of this process. For tests. */
  readonly host?: Pick<PackHost, 'versions'>
}

/** Runtimes in order of detection. Node.js is the last one, because the others also claim to be Node.js. */
const RUNTIMES = ['bun', 'deno', 'electron', 'node'] as const

/** Returns a pack with the name and the version of the runtime. */
export function runtimePack<const P extends string = never>(options: RuntimePackOptions<P>) {
  const { host = systemPackHost } = ownOf(options)
  const runtime = () => RUNTIMES.find((name) => Object.hasOwn(host.versions(), name))
  return createPack('runtime', options, {
    'process.runtime.name': item(
      {
        kind: 'attribute',
        type: 'enum',
        values: ['nodejs', 'bun', 'deno', 'electron', 'other'],
        why: 'Shows which runtimes the product has to work with.',
        example: 'nodejs',
      },
      () => {
        const name = runtime()
        return name === 'node' ? 'nodejs' : (name ?? 'other')
      },
    ),
    'process.runtime.version': item(
      {
        kind: 'attribute',
        type: 'string',
        pattern: '\\d{1,3}(?:\\.\\d{1,4}){2}',
        why: 'Shows when an old version of the runtime is used by so few that its support can end.',
        example: '24.11.1',
      },
      () => {
        const name = runtime()
        const version = name && numericVersion(host.versions()[name])
        return version && /^\d{1,3}(?:\.\d{1,4}){2}$/.test(version) ? version : undefined
      },
    ),
  })
}
