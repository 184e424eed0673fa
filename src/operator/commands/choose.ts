import type { Answer, Context } from './context.ts'
import { verdictLines } from './status.ts'

/** `on`, `off`, `reset` and `level`: stores a choice. */
export async function choose({ usage, by, terminal, clock }: Context, decision: string): Promise<Answer> {
  const verdict = await usage.consent.set(decision, { by, quiet: true })
  const { product, nextReportAt } = await usage.status()
  const about = { product, verdict, ...(nextReportAt !== undefined && { nextReportAt }) }
  return {
    json: { verdict },
    lines: [
      ...verdictLines(about, terminal, clock.now()),
      ...verdict.warnings.flatMap((text) => ['', ...terminal.wrap(`! ${text}`, '  ', '').map(terminal.warn)]),
    ],
  }
}
