import { SEVERITIES } from '../../feed/index.ts'
import { Date } from '../../platform/index.ts'
import type { Findings } from './findings.ts'
import type { VersionAdvisory, VersionCondition, VersionNotice } from './types.ts'

/** Acknowledgement of an advisory by a person. `until`: ISO 8601. */
export interface Acknowledgement {
  readonly id: string
  readonly by: string
  readonly until: string
}

/** Returns the notice of now: acknowledgements end, and so does the life of a version. */
export function noticeOf(findings: Findings, { title, acknowledged, now }: NoticeOptions): VersionNotice {
  const { version, source, latest, latestInLine, endOfLife, url, message } = findings
  const advisories = findings.advisories.map((advisory): VersionAdvisory => {
    const by = acknowledged.findLast(({ id }) => id === advisory.id)
    const isAcknowledged = by !== undefined && Date.parse(by.until) > now
    return { ...advisory, ...(isAcknowledged && { acknowledged: { by: by.by, until: by.until } }) }
  })
  const open = advisories.filter((advisory) => !Object.hasOwn(advisory, 'acknowledged'))
  const condition = conditionOf(findings, open, now)
  const worst = Math.max(-1, ...open.map(({ severity }) => SEVERITIES.indexOf(severity)))
  return {
    ...{ version, source, condition, advisories },
    ...(latest !== undefined && { latest }),
    ...(latestInLine !== undefined && { latestInLine }),
    ...(endOfLife !== undefined && { endOfLife }),
    ...(url !== undefined && { url }),
    ...(message !== undefined && { announcement: message }),
    severity: SEVERITIES[worst] ?? 'none',
    message: sentences(findings, { title, open, condition, now }).join(' '),
  }
}

export interface NoticeOptions {
  /** Name of the product for people. */
  readonly title: string
  /** All acknowledgements, oldest first. */
  readonly acknowledged: readonly Acknowledgement[]
  /** Current time, in milliseconds since 1970. */
  readonly now: number
}

function conditionOf(
  { latest, isOutdated, endOfLife }: Findings,
  open: readonly VersionAdvisory[],
  now: number,
): VersionCondition {
  if (open.length > 0) return 'vulnerable'
  if (hasEnded(endOfLife, now)) return 'end-of-life'
  if (isOutdated) return 'outdated'
  return latest !== undefined && isOutdated === undefined ? 'unknown' : 'current'
}

const hasEnded = (endOfLife: string | undefined, now: number) =>
  endOfLife !== undefined && Date.parse(endOfLife) <= now

/** Largest number of advisories that the message names. The notice has all of them. */
const MAX_NAMED = 3

function sentences(
  { version, latest, latestInLine, endOfLife, isOutdated, message, url }: Findings,
  {
    title,
    open,
    condition,
    now,
  }: Pick<NoticeOptions, 'title' | 'now'> & {
    readonly open: readonly VersionAdvisory[]
    readonly condition: VersionCondition
  },
): string[] {
  const said: string[] = []
  if (open.length > 0) {
    const named = open.slice(0, MAX_NAMED).map(inWords)
    const more = open.length > MAX_NAMED ? [`and ${open.length - MAX_NAMED} more`] : []
    said.push(`${title} ${version} is vulnerable: ${[...named, ...more].join('; ')}.`)
  }
  if (hasEnded(endOfLife, now))
    said.push(`${title} ${version} has not been maintained since ${endOfLife?.slice(0, 10)}.`)
  if (isOutdated) {
    const inLine =
      latestInLine !== undefined && latestInLine !== latest ? `, and ${latestInLine} in the same line` : ''
    said.push(`${title} ${latest} is available${inLine}; this is ${version}.`)
  }
  if (condition === 'unknown') said.push(`The newest version of ${title} is ${latest}; this is ${version}.`)
  if (condition === 'current')
    said.push(
      latest === undefined
        ? `No advisory affects ${title} ${version}.`
        : `${title} ${version} is up to date.`,
    )
  if (message !== undefined) said.push(message)
  if (url !== undefined && condition !== 'current') said.push(`Read more: ${url}`)
  return said
}

function inWords({ id, severity, fixedIn, summary }: VersionAdvisory): string {
  const fix = fixedIn.length > 0 ? `fixed in ${fixedIn.join(', ')}` : 'not fixed yet'
  return `${id} (${severity}${summary === undefined ? '' : `, ${summary}`}), ${fix}`
}

/** Returns the time until which the notice of now holds, ISO 8601: then an acknowledgement or the life of the version ends. */
export function holdsUntil(
  { endOfLife, advisories }: Findings,
  { acknowledged, now }: Omit<NoticeOptions, 'title'>,
): string | undefined {
  const ends = acknowledged
    .filter(({ id }) => advisories.some((one) => one.id === id))
    .map(({ until }) => until)
  const later = [...ends, ...(endOfLife === undefined ? [] : [endOfLife])].filter(
    (time) => Date.parse(time) > now,
  )
  return later.toSorted((a, b) => Date.parse(a) - Date.parse(b))[0]
}

/** Returns whether a notice is worth a person's attention: something is wrong, or its makers say something. */
export const isWorthShowing = ({ condition }: VersionNotice, { message }: Findings): boolean =>
  condition !== 'current' || message !== undefined
