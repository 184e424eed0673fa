/**
 * Why: a product can only drop an old runtime, or use what a new one brings, when it is known which are used.
 * What exactly: which runtime it is, and the numbers of its version. Asked of the runtime; no file is read.
 * Traced back: everybody with the same runtime reports the same. A runtime that somebody built and named is reported by
 * its numbers alone, or not at all.
 */
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { numericVersion } from './numeric-version.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'

/** What {@link runtimePack} takes. */
export interface RuntimePackOptions<P extends string> extends PackOptions<P> {
  /** What the pack reads of the system. Default: this one. For tests. */
  readonly host?: Pick<PackHost, 'versions'>
}

/** In this order: the others say that they are Node.js as well. */
const RUNTIMES = ['bun', 'deno', 'electron', 'node'] as const

/** The runtime that the product runs on, and its version. */
export function runtimePack<const P extends string = never>(options: RuntimePackOptions<P>) {
  const { host = systemPackHost } = options
  const runtime = () => RUNTIMES.find((name) => host.versions()[name] !== undefined)
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
