import { Buffer, sha256, TextDecoder } from '../../platform/index.ts'
import { compareReports, factsOf, findReport, shown } from '../operations/index.ts'
import { type Answer, CommandFailure, type Context, EXIT } from './context.ts'
import { columns, type Terminal, timeText } from './terminal.ts'

/** `show`: one report of the log, what became of it, and what it says. */
export async function show(
  { usage, terminal }: Context,
  id: string,
  { bytes: isRaw = false }: { readonly bytes?: boolean },
): Promise<Answer> {
  const found = await findReport(usage, id)
  if (!found) throw notFound(id)
  const { reportId, entries, bytes } = found
  if (isRaw && !bytes)
    throw new CommandFailure(`The log does not keep the bytes of ${reportId}.`, EXIT.notFound)
  const outcomes = entries.map(({ at, outcome, reason, endpoint }) => ({ at, outcome, reason, endpoint }))
  const text = bytes && new TextDecoder().decode(bytes)
  const facts = bytes ? factsOf(bytes) : {}
  const hash = bytes && Buffer.from(sha256(bytes)).toString('hex')
  return {
    json: { reportId, outcomes, facts, ...(text !== undefined && { sha256: hash, bytes: text }) },
    lines: isRaw
      ? [text as string]
      : [
          terminal.bold(`Report ${shown(reportId)}`),
          ...columns(
            terminal,
            outcomes.map(({ at, outcome, reason }) => [timeText(at), shown(outcome), timeText(reason)]),
          ).flat(),
          '',
          ...(bytes
            ? [...factLines(terminal, facts), '', `${bytes.length} bytes, SHA-256 ${hash}`]
            : ['The log does not keep its bytes.']),
        ],
  }
}

const factLines = (terminal: Terminal, facts: Readonly<Record<string, unknown>>): string[] =>
  columns(
    terminal,
    Object.entries(facts).map(([name, value]) => [shown(name), valueText(value)]),
  ).flat()

const valueText = (value: unknown): string => shown(typeof value === 'string' ? value : JSON.stringify(value))

/** `diff`: what differs between two reports, or between the last one and the next. */
export async function diff(
  { usage, terminal, offered }: Context,
  from: string | undefined,
  to: string | undefined,
): Promise<Answer> {
  if (to === undefined && offered)
    throw new CommandFailure(
      'The next report is known to the running product only; give the ids of two reports.',
      EXIT.calledWrongly,
    )
  const compared = await compareReports(usage, from, to)
  if (typeof compared === 'string') throw new CommandFailure(compared.trim(), EXIT.notFound)
  const { changes } = compared
  const name = (one: typeof compared.from, otherwise: string) =>
    one.reportId === undefined ? otherwise : `${shown(one.reportId).slice(0, 13)} (${timeText(one.at ?? '')})`
  const rows = changes.map((change) => [
    shown(change.name),
    Object.hasOwn(change, 'before') ? valueText(change.before) : '-',
    Object.hasOwn(change, 'after') ? valueText(change.after) : '-',
  ])
  return {
    json: compared,
    lines: [
      terminal.bold(
        `From ${name(compared.from, 'the last report')} to ${name(compared.to, 'the next report')}:`,
      ),
      '',
      ...(rows.length === 0
        ? ['Nothing differs.']
        : columns(terminal, [['', 'before', 'after'], ...rows]).flat()),
    ],
  }
}

const notFound = (id: string) =>
  new CommandFailure(
    `The log has no report with the id '${id.slice(0, 60)}'; give it, or its first four digits or more. \`log\` lists the reports.`,
    EXIT.notFound,
  )

/** `report`: makes a report now. */
export async function report({ usage, terminal }: Context): Promise<Answer> {
  const { outcome, reason, reportId } = await usage.report()
  const isOnItsWay = outcome === 'sent' || outcome === 'queued'
  const words = reportId === undefined ? 'No report was made' : `Report ${reportId}: ${outcome}`
  return {
    json: { outcome, reason, ...(reportId !== undefined && { reportId }) },
    lines: terminal
      .wrap(`${words}, ${reason}.`, '  ', '')
      .map(outcome === 'sent' ? terminal.good : terminal.warn),
    code: isOnItsWay ? EXIT.done : EXIT.failed,
  }
}
