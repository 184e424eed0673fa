import { digits, table, times } from './page.ts'
import { footprintOf, ownFootprint, PEERS } from './peers.ts'

/** Measures the size of an installation on disk. */
export async function measureInstall(): Promise<string[]> {
  const ours = ownFootprint()
  const rows = [
    { title: 'otel-usage', found: ours },
    ...PEERS.map((peer) => ({ title: peer.title, found: footprintOf(peer) })),
  ]
  return table(
    ['what', 'packages', 'on disk', 'for one of ours'],
    rows.map(({ title, found }) =>
      found && ours
        ? [title, String(found.packages), `${digits(found.bytes / 1e6)} MB`, times(found.bytes, ours.bytes)]
        : [title, 'not installed', '–', '–'],
    ),
  )
}
