import { FEED_FORMAT, type FeedAdvisory, formOf, readFeed, type VersionFeed } from '../../feed/index.ts'
import { advisoriesIn, type ImportOptions } from './advisories.ts'
import { FeedError } from './errors.ts'

export interface BuildOptions {
  /** Feed without `format` and `issued`, as its maintainers write it. */
  readonly source: unknown
  /** Name of the file that it is in, for messages. */
  readonly file: string
  /** Documents with advisories, OSV or CSAF, by file. */
  readonly documents: ReadonlyArray<{ readonly file: string; readonly document: unknown }>
  readonly advisoriesOf?: ImportOptions['of']
  /** Days after which the feed expires. Default: what the source says. */
  readonly expiresInDays?: number | undefined
  /** Current time, in milliseconds since 1970. */
  readonly now: number
}

/**
 * Builds a feed, as text.
 *
 * @throws {FeedError} if a product would refuse it.
 */
export function buildFeed(options: BuildOptions): string {
  const { source, file, documents, advisoriesOf, expiresInDays, now } = options
  if (typeof source !== 'object' || source === null || Array.isArray(source))
    throw new FeedError(`${file} is not a mapping; write product, versions and advisories in it.`)
  const { $schema: _, ...own } = source as Partial<VersionFeed> & { $schema?: unknown }
  const imported = documents.flatMap((one) =>
    advisoriesIn(one.document, { file: one.file, of: advisoriesOf }),
  )
  const feed = {
    ...own,
    format: FEED_FORMAT,
    issued: inSeconds(now),
    ...(expiresInDays !== undefined && { expires: inSeconds(now + expiresInDays * DAY) }),
    versions: own.versions ?? [],
    advisories: [...withoutSame((own.advisories ?? []) as readonly FeedAdvisory[], imported), ...imported],
  }
  const text = `${JSON.stringify(feed, undefined, 2)}\n`
  const { problem } = readFeed(Buffer.from(text), { product: String(feed.product), now })
  if (problem !== undefined) throw new FeedError(`The feed of ${file} ${problem}; products would refuse it.`)
  return text
}

/** Leaves out the advisories that are imported again: the document is newer than what was written by hand. */
const withoutSame = (own: readonly FeedAdvisory[], imported: readonly FeedAdvisory[]) =>
  Array.isArray(own) ? own.filter(({ id }) => !imported.some((one) => one.id === id)) : own

/** Returns what a maintainer should know about a good feed, a sentence each. */
export function remarksOn(feed: VersionFeed, now: number): string[] {
  const shown = feed.versions.map(({ version }) => version).filter((version) => formOf(version) === undefined)
  const remarks: string[] = []
  if (shown.length > 0)
    remarks.push(`These versions can only be shown, and not compared with others: ${shown.join(', ')}.`)
  if (feed.versions.length === 0) remarks.push('It lists no version, so no product learns of a newer one.')
  if (feed.expires !== undefined && Date.parse(feed.expires) - now < WEEK)
    remarks.push(`It expires at ${feed.expires}; publish another one before.`)
  return remarks
}

const inSeconds = (time: number) => `${new Date(time).toISOString().slice(0, 19)}Z`

const DAY = 86_400_000
const WEEK = 7 * DAY
