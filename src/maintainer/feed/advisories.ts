/** Import of advisories from the two formats in which they are published: OSV and CSAF. */
import { type AdvisorySeverity, type FeedAdvisory, isRange, SEVERITIES } from '../../feed/index.ts'
import { FeedError } from './errors.ts'

/** Returns the advisory in a document, OSV (https://ossf.github.io/osv-schema/) or CSAF 2.0; one for each vulnerability of CSAF. */
export function advisoriesIn(document: unknown, options: ImportOptions): FeedAdvisory[] {
  const of = recordOf(document)
  if ('vulnerabilities' in of && 'document' in of) return fromCsaf(of, options)
  if ('id' in of && 'affected' in of) return fromOsv(of, options)
  throw new FeedError(`${options.file} is neither an OSV nor a CSAF document.`)
}

export interface ImportOptions {
  /** Name of the file, for messages. */
  readonly file: string
  /** Name of the package in OSV, or of the product in CSAF, whose versions count. Default: a document that names several is refused. */
  readonly of?: string | undefined
}

function fromOsv(osv: Record<string, unknown>, { file, of }: ImportOptions): FeedAdvisory[] {
  if (osv['withdrawn'] !== undefined) return []
  const affected = listOf(osv['affected']).map(recordOf)
  const nameOf = (one: Record<string, unknown>) => String(recordOf(one['package'])['name'] ?? '')
  const wanted = onlyOne(affected, nameOf, { file, of })
  const ranges: string[] = []
  const fixedIn = new Set<string>()
  for (const one of wanted) {
    for (const range of listOf(one['ranges']).map(recordOf)) {
      // The events of a Git range are commits.
      if (range['type'] === 'GIT') continue
      ranges.push(...rangesOf(listOf(range['events']).map(recordOf), fixedIn))
    }
    for (const version of listOf(one['versions'])) ranges.push(`=${version}`)
  }
  const severity =
    severityOf(recordOf(osv['database_specific'])['severity']) ??
    wanted.map((one) => severityOf(recordOf(one['database_specific'])['severity'])).find(Boolean) ??
    severityOfVectors([...listOf(osv['severity']), ...wanted.flatMap((one) => listOf(one['severity']))])
  return [
    advisory(
      {
        id: osv['id'],
        severity,
        affected: ranges.join(' || '),
        fixedIn: [...fixedIn],
        summary: osv['summary'] ?? osv['details'],
        url: listOf(osv['references'])
          .map(recordOf)
          .toSorted((a, b) => Number(b['type'] === 'ADVISORY') - Number(a['type'] === 'ADVISORY'))[0]?.[
          'url'
        ],
      },
      file,
    ),
  ]
}

/** Returns the ranges of a list of OSV events: each `introduced` up to the next `fixed`, `limit` or `last_affected`. */
function rangesOf(events: readonly Record<string, unknown>[], fixedIn: Set<string>): string[] {
  const ranges: string[] = []
  let from: string | undefined
  for (const event of events) {
    const { introduced, fixed, last_affected: last, limit } = event
    if (introduced !== undefined) from = introduced === '0' ? '' : `>=${introduced}`
    const end = fixed !== undefined ? `<${fixed}` : last !== undefined ? `<=${last}` : `<${limit}`
    if (fixed !== undefined) fixedIn.add(String(fixed))
    if ((fixed ?? last ?? limit) === undefined || from === undefined) continue
    ranges.push(`${from} ${end}`.trim())
    from = undefined
  }
  if (from !== undefined) ranges.push(from === '' ? '>=0' : from)
  return ranges
}

function fromCsaf(csaf: Record<string, unknown>, options: ImportOptions): FeedAdvisory[] {
  const { file } = options
  const tracking = recordOf(recordOf(csaf['document'])['tracking'])
  const products = productsIn(recordOf(csaf['product_tree']), options)
  const self = listOf(recordOf(csaf['document'])['references'])
    .map(recordOf)
    .find(({ category }) => category === 'self')?.['url']
  const all = listOf(csaf['vulnerabilities']).map(recordOf)
  return all.flatMap((one, index) => {
    const status = recordOf(one['product_status'])
    const rangesUnder = (...kinds: readonly string[]) =>
      kinds.flatMap((kind) => listOf(status[kind])).flatMap((id) => products.get(String(id)) ?? [])
    const versionsUnder = (...kinds: readonly string[]) =>
      rangesUnder(...kinds).flatMap((range) => (/^=[^\s|]+$/.test(range) ? [range.slice(1)] : []))
    const fixedIn = versionsUnder('first_fixed', 'fixed')
    const known = rangesUnder('known_affected')
    const affected =
      known.length > 0
        ? [...known, ...rangesUnder('first_affected', 'last_affected')]
        : rangesBetween(versionsUnder('first_affected'), versionsUnder('last_affected'), {
            fixed: versionsUnder('first_fixed'),
            file,
          })
    // A document needs no advisory for what is not affected, or under investigation.
    if (affected.length === 0) return []
    const notes = listOf(one['notes']).map(recordOf)
    const scores = listOf(one['scores'])
      .map(recordOf)
      .flatMap((score) => [recordOf(score['cvss_v4']), recordOf(score['cvss_v3'])])
      .map((score) => severityOf(score['baseSeverity']))
    const worst = SEVERITIES.findLast((severity) => scores.includes(severity))
    return [
      advisory(
        {
          id: one['cve'] ?? (all.length === 1 ? tracking['id'] : `${tracking['id']}-${index + 1}`),
          severity: worst ?? severityOf(recordOf(recordOf(csaf['document'])['aggregate_severity'])['text']),
          affected: [...new Set(affected)].join(' || '),
          fixedIn: [...new Set(fixedIn)],
          summary: one['title'] ?? notes.find(({ category }) => category === 'summary')?.['text'],
          url: self,
        },
        file,
      ),
    ]
  })
}

/**
 * Returns the affected ranges of a document that names only their ends, as `first_affected`, `last_affected` and `first_fixed` do (CSAF
 * 2.0, 3.2.3.9). Several ends belong to several lines of releases, in the same order.
 *
 * @throws {FeedError} if there are not as many of one end as of the other.
 */
function rangesBetween(
  first: readonly string[],
  last: readonly string[],
  { fixed, file }: { readonly fixed: readonly string[]; readonly file: string },
): string[] {
  const ends = last.length > 0 ? last.map((one) => `<=${one}`) : fixed.map((one) => `<${one}`)
  if (last.length === 0 && first.length === 0) return []
  if (first.length === 0 && ends.length === 1) return ends
  if (ends.length === 0 && first.length === 1) return [`>=${first[0]}`]
  if (first.length !== ends.length)
    throw new FeedError(
      `${file} names ${first.length} first and ${ends.length} last affected versions, so that its ranges cannot be known; add the ` +
        "advisory to the feed's source by hand.",
    )
  return first.map((one, index) => `>=${one} ${ends[index]}`)
}

/** Returns the ranges of versions that the ids of a product tree stand for. */
function productsIn(tree: Record<string, unknown>, { file, of }: ImportOptions): Map<string, string[]> {
  const found = new Map<string, string[]>()
  const names = new Set<string>()
  const visit = (branch: Record<string, unknown>, name: string) => {
    const category = String(branch['category'] ?? '')
    const own = category === 'product_name' ? String(branch['name']) : name
    const id = recordOf(branch['product'])['product_id']
    if (id !== undefined && category.startsWith('product_version') && (of === undefined || own === of)) {
      names.add(own)
      found.set(String(id), rangesOfVers(String(branch['name']), category === 'product_version'))
    }
    for (const child of listOf(branch['branches'])) visit(recordOf(child), own)
  }
  visit(tree, '')
  // A product on, or with, another one has the versions of the product.
  for (const relationship of listOf(tree['relationships']).map(recordOf)) {
    const id = recordOf(relationship['full_product_name'])['product_id']
    const ranges = found.get(String(relationship['product_reference']))
    if (id !== undefined && ranges) found.set(String(id), ranges)
  }
  if (names.size > 1)
    throw new FeedError(
      `${file} is about several products (${[...names].join(', ')}); name one with --advisories-of.`,
    )
  return found
}

/** Returns the ranges of a version, or of a range in the `vers` form: `vers:generic/>=2.0.0|<2.4.3`. */
function rangesOfVers(text: string, isVersion: boolean): string[] {
  if (isVersion) return [`=${text}`]
  const constraints = text.replace(/^vers:[^/]*\//, '').split('|')
  const ranges: string[] = []
  let from: string | undefined
  for (const one of constraints.map((constraint) => decodeURIComponent(constraint).replaceAll(/\s/g, ''))) {
    if (one === '*') return ['>=0']
    if (/^>/.test(one)) {
      if (from !== undefined) ranges.push(from)
      from = one
    } else if (/^</.test(one)) {
      ranges.push(from === undefined ? one : `${from} ${one}`)
      from = undefined
    } else if (!one.startsWith('!=')) ranges.push(`=${one.replace(/^=/, '')}`)
  }
  if (from !== undefined) ranges.push(from)
  return ranges
}

/** Returns those that are about one package; refuses a document that is about several. */
function onlyOne<T>(
  all: readonly T[],
  nameOf: (one: T) => string,
  { file, of }: ImportOptions,
): readonly T[] {
  if (of !== undefined) return all.filter((one) => nameOf(one) === of)
  const names = new Set(all.map(nameOf))
  if (names.size > 1)
    throw new FeedError(
      `${file} is about several packages (${[...names].join(', ')}); name one with --advisories-of.`,
    )
  return all
}

function advisory(given: { readonly [Name in keyof FeedAdvisory]: unknown }, file: string): FeedAdvisory {
  const { id, severity, affected, fixedIn, summary, url } = given
  if (!isRange(affected))
    throw new FeedError(
      `${file} names no versions of ${id} that a feed can name; add the advisory to the feed's source by hand.`,
    )
  if (severity === undefined)
    throw new FeedError(
      `${file} gives ${id} no severity in words; add the advisory to the feed's source by hand.`,
    )
  return {
    ...{ id: String(id), severity: severity as AdvisorySeverity, affected },
    ...((fixedIn as string[]).length > 0 && { fixedIn: fixedIn as string[] }),
    ...(typeof summary === 'string' && summary.trim() !== '' && { summary: inOneLine(summary) }),
    ...(typeof url === 'string' && url.startsWith('https://') && { url }),
  }
}

/** Returns the first 300 characters of a text in one line, without control characters. */
function inOneLine(text: string): string {
  const line = text.replaceAll(/[\s\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return line.length <= 300 ? line : `${line.slice(0, 299).trimEnd()}…`
}

const WORDS: Readonly<Record<string, AdvisorySeverity>> = {
  ...{ low: 'low', minor: 'low', medium: 'medium', moderate: 'medium' },
  ...{ high: 'high', important: 'high', critical: 'critical' },
}

const severityOf = (word: unknown): AdvisorySeverity | undefined =>
  typeof word === 'string' && Object.hasOwn(WORDS, word.toLowerCase()) ? WORDS[word.toLowerCase()] : undefined

/**
 * Returns the worst severity of the CVSS 3 vectors; `undefined` without such a vector. The scores of other versions cannot be computed.
 */
function severityOfVectors(all: readonly unknown[]): AdvisorySeverity | undefined {
  const scores = all
    .map(recordOf)
    .flatMap(({ type, score }) => (type === 'CVSS_V3' ? [cvss3(String(score))] : []))
    .filter((score) => !Number.isNaN(score))
  if (scores.length === 0) return undefined
  const worst = Math.max(...scores)
  return worst >= 9 ? 'critical' : worst >= 7 ? 'high' : worst >= 4 ? 'medium' : 'low'
}

/** Returns the base score of a CVSS 3 vector (https://www.first.org/cvss/v3.1/specification-document, 7.1); `NaN` for another text. */
function cvss3(vector: string): number {
  const metrics = new Map(vector.split('/').map((one) => one.split(':', 2) as [string, string]))
  const value = (name: string, weights: Readonly<Record<string, number>>) =>
    weights[metrics.get(name) ?? ''] ?? Number.NaN
  const isChanged = metrics.get('S') === 'C'
  const impacts = ['C', 'I', 'A'].map((name) => 1 - value(name, { H: 0.56, L: 0.22, N: 0 }))
  const base = 1 - impacts.reduce((product, one) => product * one, 1)
  const impact = isChanged ? 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 : 6.42 * base
  const exploitability =
    8.22 *
    value('AV', { N: 0.85, A: 0.62, L: 0.55, P: 0.2 }) *
    value('AC', { L: 0.77, H: 0.44 }) *
    value('PR', isChanged ? { N: 0.85, L: 0.68, H: 0.5 } : { N: 0.85, L: 0.62, H: 0.27 }) *
    value('UI', { N: 0.85, R: 0.62 })
  if (impact <= 0) return 0
  const sum = Math.min((isChanged ? 1.08 : 1) * (impact + exploitability), 10)
  return Math.ceil(Math.round(sum * 100_000) / 10_000) / 10
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
