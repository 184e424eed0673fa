import type { Preview } from '../../library/telemetry/index.ts'
import { cut } from '../../platform/columns.ts'
import { TextDecoder } from '../../platform/index.ts'
import { factsOf, shown } from '../operations/index.ts'
import { type Answer, CommandFailure, type Context, EXIT } from './context.ts'
import { columns } from './terminal.ts'

export interface PreviewCommandOptions {
  readonly level?: string
  readonly all?: boolean
  readonly bytes?: boolean
}

/** `preview`: the next report, under the present consent, under a level, or under each level side by side. */
export async function preview(context: Context, options: PreviewCommandOptions): Promise<Answer> {
  const { usage, terminal } = context
  if (options.all) return sideBySide(context)
  const { level } = options
  const found = await usage.preview(level === undefined ? {} : { level })
  if (!found.bytes)
    throw new CommandFailure(found.text.trim(), level === undefined ? EXIT.failed : EXIT.calledWrongly)
  if (options.bytes) return { json: documentOf(found), lines: [new TextDecoder().decode(found.bytes)] }
  const under = level === undefined ? '' : ` under the level '${level}'`
  const sentence = found.wouldBeSent
    ? `The next report${under}, as it would be sent now:`
    : `The next report${under}, for the local log only: nothing would be sent now.`
  return { json: documentOf(found), lines: [terminal.bold(sentence), '', ...found.text.split('\n')] }
}

/** Returns the preview as a document. Its bytes are text, so that JSON holds them without loss. */
function documentOf({ bytes, facts, wouldBeSent }: Preview) {
  return { wouldBeSent, facts, bytes: new TextDecoder().decode(bytes) }
}

async function sideBySide({ usage, terminal }: Context): Promise<Answer> {
  const levels = ['off', ...usage.catalog().levels]
  const previews = await Promise.all(levels.map((level) => usage.preview({ level })))
  // Under `off` nothing is sent: the local log has it.
  const facts = previews.map(({ bytes }, index) => (bytes && index > 0 ? factsOf(bytes) : {}))
  const names = [...new Set(facts.flatMap((one) => Object.keys(one)))].filter(
    (name) => !/^(usage|service)\./.test(name),
  )
  const rows = names.map((name) => [shown(name), ...facts.map((one) => cellOf(one[name]))])
  return {
    json: {
      levels: Object.fromEntries(
        levels.map((level, index) => [level, documentOf(previews[index] as Preview)]),
      ),
    },
    lines: [
      terminal.bold('What a report says at each level. Under off nothing leaves this machine.'),
      '',
      ...columns(terminal, [['', ...levels], ...rows]).flat(),
      ...(rows.length === 0 ? ['No facts.'] : []),
    ],
  }
}

/** Widest cell where levels stand side by side, in columns. */
const WIDEST_CELL = 24

const cellOf = (value: unknown): string => {
  if (value === undefined) return '-'
  return cut(shown(typeof value === 'string' ? value : JSON.stringify(value)), WIDEST_CELL)
}
