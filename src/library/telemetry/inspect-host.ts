import { type Clock, ownOf, parseOwn, silentLogger, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, type StateStore, stateErrorReason } from '../../state/index.ts'
import { HOST_FORMAT, type HostEntry } from './host-entry.ts'
import type { UsageTelemetry } from './surface.ts'
import { createUsageTelemetry } from './usage-telemetry.ts'

/** Host in a state, as its last start has left it. */
export interface InspectedHost {
  /** Telemetry with the host's options and variables. It was not started, and knows no value of a fact. */
  readonly usage: UsageTelemetry
  /** Version of the library that the host ran with. */
  readonly library: string
}

/**
 * Reads what a host has left in a state, and creates its telemetry over it. Resolves to a sentence that says why that is not possible.
 *
 * @param product Name of the product, where several share a state store. Default: the one that owns the store.
 */
export async function inspectHost(
  store: StateStore,
  {
    product,
    clock,
    isReadOnly,
  }: { readonly product?: string | undefined; readonly clock: Clock; readonly isReadOnly: boolean },
): Promise<InspectedHost | string> {
  try {
    const owner = ownerIn(await store.read(ENTRIES.product))
    if (!owner) return `No product has stored the state of its usage telemetry in ${store.location}.`
    const entry = product === undefined || product === owner ? ENTRIES.host : `${product}.${ENTRIES.host}`
    const bytes = await store.read(entry)
    if (!bytes)
      return `${product ?? owner} has left no ${entry} in ${store.location}: it was last started with an older version of this library, or not at all.`
    const { format, library, options, environment, parts } = parseOwn(
      new TextDecoder().decode(bytes),
    ) as HostEntry
    if (format !== HOST_FORMAT)
      return `${store.location}/${entry} is from a newer version of this library; use that one.`
    const usage: UsageTelemetry = createUsageTelemetry({
      ...ownOf(options),
      environment: ownOf(environment),
      state: isReadOnly ? readOnly(store) : store,
      clock,
      logger: silentLogger,
    })
    for (const part of parts) usage.contribute(part)
    return { usage, library }
  } catch (error) {
    return `The state in ${store.location} cannot be read: ${stateErrorReason(error)
      .split('\n')[0]
      ?.replace(/[.:]?$/, '.')}`
  }
}

function ownerIn(bytes: Uint8Array | undefined): string | undefined {
  if (!bytes) return undefined
  const { name, prefix } = parseOwn(new TextDecoder().decode(bytes))
  return typeof name === 'string' && typeof prefix === 'string' ? name : undefined
}

/** Returns a view of a store in which changes have no effect: to look at a state after a no would delete what is left of it. */
function readOnly(store: StateStore): StateStore {
  const ignore = async () => {}
  return {
    location: store.location,
    ...(store.shared !== undefined && { shared: store.shared }),
    read: (entry) => store.read(entry),
    list: (folder) => store.list(folder),
    ...{ write: ignore, create: async () => true, append: ignore, remove: ignore },
  }
}
