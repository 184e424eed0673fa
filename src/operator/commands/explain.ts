import { type Answer, CommandFailure, type Context, EXIT } from './context.ts'
import { verdictLines } from './status.ts'

export interface ExplainOptions {
  readonly flag?: string
  readonly unset?: readonly string[]
}

/** `explain`: the verdict under other variables and another flag. */
export async function explain(
  { usage, terminal, clock }: Context,
  assignments: readonly string[],
  { flag, unset = [] }: ExplainOptions,
): Promise<Answer> {
  const set = assignments.map((text) => {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text) ?? []
    if (name === undefined)
      throw new CommandFailure(
        `'${text.slice(0, 60)}' is not a variable; write NAME=value.`,
        EXIT.calledWrongly,
      )
    return [name, value] as const
  })
  const environment = Object.fromEntries<string | undefined>([
    ...unset.map((name) => [name, undefined] as const),
    ...set,
  ])
  const verdict = await usage.explain({ environment, ...(flag !== undefined && { flag }) })
  const { product } = await usage.status()
  return {
    json: { verdict },
    lines: [
      ...verdictLines({ product, verdict }, terminal, clock.now()),
      ...verdict.warnings.flatMap((text) => ['', ...terminal.wrap(`! ${text}`, '  ', '').map(terminal.warn)]),
    ],
  }
}
