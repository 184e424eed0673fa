import { createInterface } from 'node:readline/promises'
import { type Answer, CommandFailure, type Context, EXIT } from './context.ts'

/** `forget`: erases the installation here and at the receiver, once the person has confirmed it. */
export async function forget(context: Context, { yes = false }: { readonly yes?: boolean }): Promise<Answer> {
  const { usage, by, terminal } = context
  const { product } = await usage.status()
  if (!yes && !(await isConfirmed(context, product.title)))
    throw new CommandFailure('Nothing was erased.', EXIT.failed, 'ERR_USAGE_NOT_CONFIRMED')
  const { outcome, reason, reportId } = await usage.forget({ by })
  return {
    json: { outcome, reason, ...(reportId !== undefined && { reportId }) },
    lines: [
      'Everything about this installation was deleted here: id, log, waiting reports, counts.',
      ...terminal.wrap(`At the receiver: ${outcome}, ${reason}.`, '  ', ''),
    ],
    code:
      outcome === 'sent' || outcome === 'queued' || /no installation id exists/.test(reason)
        ? EXIT.done
        : EXIT.failed,
  }
}

async function isConfirmed({ stdin, stderr }: Context, title: string): Promise<boolean> {
  if (!stdin.isTTY)
    throw new CommandFailure(
      'There is no terminal to confirm it at; repeat the command with --yes.',
      EXIT.calledWrongly,
    )
  const asking = createInterface({ input: stdin, output: stderr })
  try {
    const answer = await asking.question(
      `This deletes the installation id, the log and all waiting usage reports of ${title} here,\nand asks the receiver to delete its reports. It cannot be undone. Type yes to go on: `,
    )
    return answer.trim().toLowerCase() === 'yes'
  } finally {
    asking.close()
  }
}
