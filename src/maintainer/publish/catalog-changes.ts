import { type Catalog, contributionOf } from '../../catalog/index.ts'
import { type Block, code, list, listed, paragraph, type Text, text } from './blocks.ts'

/** Returns the changelog of a catalog: which version has added which facts, and which facts are gone. */
export function catalogChanges(catalog: Catalog): Block[] {
  const { removed = [] } = catalog
  const versions = new Map<
    string,
    { readonly label: Text; readonly since: number; readonly names: string[] }
  >()
  for (const [name, { since }] of Object.entries(catalog.facts)) {
    const part = contributionOf(catalog, name)
    const key = `${part ?? ''} ${since}`
    const label =
      part === undefined ? [`Version ${since}`] : text`Version ${String(since)} of ${code(`${part}.*`)}`
    const version = versions.get(key) ?? { label, since, names: [] }
    version.names.push(name)
    versions.set(key, version)
  }
  const newestFirst = [...versions.entries()].sort(
    ([a, one], [b, other]) => other.since - one.since || (a < b ? -1 : 1),
  )
  return [
    list(
      newestFirst.map(([, { label, since, names }]) =>
        since === 1
          ? text`${label} began with ${names.length === 1 ? 'one fact' : `${names.length} facts`}.`
          : text`${label} added ${namesOf(names)}.`,
      ),
    ),
    ...(removed.length === 0 ? [] : [paragraph(text`No longer collected: ${namesOf(removed)}.`)]),
  ]
}

const namesOf = (names: readonly string[]): Text => listed(names.toSorted().map((name) => [code(name)]))
