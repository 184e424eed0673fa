import { type Answer, cellText } from '../insights/index.ts'
import { badge } from './badge.ts'
import type { GatheredProduct } from './gather.ts'

export interface Badge {
  /** Name of its file. */
  readonly file: string
  readonly label: string
  readonly svg: string
}

/** Returns the badges of a product: its active installations, and the share of its newest version. */
export function badgesOf({
  name,
  title,
  active,
  versions,
}: Pick<GatheredProduct, 'name' | 'title' | 'active' | 'versions'>): Badge[] {
  const days28 = active.rows.at(-1)?.['days28']
  const isKnown = typeof days28 === 'number' && days28 > 0
  const latest = latestVersion(versions)
  return [
    {
      file: `${name}-installations.svg`,
      label: `${title}: active installations`,
      svg: badge(
        'active installations',
        isKnown ? days28.toLocaleString('en') : `fewer than ${active.smallestGroup}`,
      ),
    },
    {
      file: `${name}-version.svg`,
      label: `${title}: share of the newest version`,
      svg:
        latest === undefined
          ? badge('newest version', 'not known')
          : badge(`version ${latest.version}`, `${latest.share} of installations`),
    },
  ]
}

/** Returns the newest version that enough installations have, with its share. */
export function latestVersion({
  rows,
}: Answer): { readonly version: string; readonly share: string } | undefined {
  // The newest is first; a text that does not begin with a number is not the newest version.
  const row = rows.find(({ value, share }) => /^v?\d/.test(String(value)) && typeof share === 'number')
  return row && { version: cellText(row['value'], 'text'), share: cellText(row['share'], 'share') }
}
