import type { Verdict } from '../../library/consent/index.ts'
import type { UsageStatus } from '../../library/telemetry/index.ts'
import { Date } from '../../platform/index.ts'
import { shown } from '../operations/index.ts'
import type { Answer, Context } from './context.ts'
import { columns, spanText, type Terminal, timeText } from './terminal.ts'

/** `status`: the verdict with every opinion, what is due and what waits, and where everything lies. */
export async function status(context: Context): Promise<Answer> {
  const { usage, terminal, clock } = context
  const found = await usage.status()
  const last = await usage.ledger.last()
  const lastReport = last && {
    reportId: last.reportId,
    at: last.at,
    outcome: last.outcome,
    reason: last.reason,
  }
  const { verdict, delivery, installation, state, ledger, nextReportAt, endpoint, facts } = found
  const isForLog = verdict.state === 'disabled' ? ', for the local log' : ''
  const rows = [
    nextReportAt !== undefined && ['Next report', `${whenText(nextReportAt, clock.now())}${isForLog}`],
    ['Last report', lastReport ? lastText(lastReport) : 'none yet'],
    ['Waiting', waitingText(delivery)],
    ['Version', versionText(found)],
    ['Facts', `${factsText(facts)}${isForLog}`],
    installation && ['Installation', shown(installation.id ?? 'changes with each period')],
    endpoint !== undefined && ['Receiver', shown(endpoint)],
    ledger && ['Log', shown(ledger.location)],
    ['State', shown(state.location)],
  ].filter((row) => row !== false && row !== undefined)
  const problems = [...verdict.warnings, ...state.problems]
  return {
    json: { ...found, ...(lastReport && { lastReport }) },
    lines: [
      ...verdictLines(found, terminal, clock.now()),
      '',
      ...columns(terminal, rows).flat(),
      ...problems.flatMap((text) => ['', ...terminal.wrap(`! ${text}`, '  ', '').map(terminal.warn)]),
    ],
  }
}

/** Returns the state in a sentence, why it is so, and what each source says. */
export function verdictLines(
  { product, verdict, nextReportAt }: Pick<UsageStatus, 'product' | 'verdict' | 'nextReportAt'>,
  terminal: Terminal,
  now: number,
): string[] {
  return [
    ...terminal.wrap(sentenceOf(product.title, verdict, nextReportAt, now)).map(toneOf(verdict, terminal)),
    ...terminal.wrap(`Decided by ${timeText(verdict.because)}.`, '  '),
    ...(verdict.locked ? terminal.wrap('Locked: no choice here changes it.', '  ') : []),
    '',
    ...opinionLines(verdict, terminal),
  ]
}

function sentenceOf(title: string, verdict: Verdict, nextReportAt: string | undefined, now: number): string {
  const { state, level } = verdict
  if (state === 'disabled') return `${title} sends no usage reports.`
  if (state === 'enabled') return `${title} sends usage reports, with the facts of level '${level}'.`
  const wait =
    nextReportAt !== undefined && Date.parse(nextReportAt) > now
      ? `, and the next one is made in ${spanText(Date.parse(nextReportAt) - now)}`
      : ''
  return `Nobody has decided about the usage reports of ${title} yet: they are sent once the time for a decision is over${wait}.`
}

const toneOf = ({ state }: Verdict, { bold, good, warn }: Terminal) =>
  state === 'enabled' ? (text: string) => good(bold(text)) : state === 'undecided' ? warn : bold

function opinionLines({ opinions }: Verdict, terminal: Terminal): string[] {
  const rows = opinions.map(({ name, value, state, level, won, why }) => [
    `${won ? '>' : ' '} ${timeText(value === undefined || /\s/.test(name) ? name : `${name}=${value}`)}`,
    level === undefined ? state : `${state}, ${level}`,
    timeText(why),
  ])
  return columns(terminal, rows).flatMap((lines, index) =>
    lines.map(opinions[index]?.won ? terminal.bold : terminal.dim),
  )
}

/** Returns the notice about the running version. Its texts come from the network. */
function versionText({ product, version }: Pick<UsageStatus, 'product' | 'version'>): string {
  if (!version) return shown(product.version)
  if (version.notice) return shown(version.notice.message)
  return shown(`${product.version}; checks for newer ones are ${version.checks}, ${version.because}`)
}

const whenText = (at: string, now: number): string => {
  const wait = Date.parse(at) - now
  return wait > 0 ? `in ${spanText(wait)}, ${timeText(at)}` : `due since ${timeText(at)}`
}

const lastText = ({
  reportId,
  at,
  outcome,
  reason,
}: {
  reportId: string
  at: string
  outcome: string
  reason: string
}) => `${shown(outcome)} ${timeText(at)}, ${timeText(reason)} (${shown(reportId).slice(0, 13)})`

const waitingText = ({ waiting, failures, retryAt }: UsageStatus['delivery']): string => {
  const tried =
    failures > 0 ? `, ${failures === 1 ? 'one attempt has' : `${failures} attempts have`} failed` : ''
  return `${waiting === 1 ? '1 report' : `${waiting} reports`}${tried}${retryAt === undefined ? '' : `, the next one comes after ${timeText(retryAt)}`}`
}

const factsText = (facts: UsageStatus['facts']): string =>
  Object.entries({
    reported: facts.reported,
    'wait for acceptance': facts.newer,
    'above the level': facts.aboveLevel,
    withheld: facts.excluded,
    expired: facts.expired,
  })
    .filter(([word, names]) => names.length > 0 || word === 'reported')
    .map(([word, names]) => `${names.length} ${word}`)
    .join(', ')
