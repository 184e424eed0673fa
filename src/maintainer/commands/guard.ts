import { runGuarded } from '../stack/index.ts'
import type { CommandContext } from './command-io.ts'

/** Runs `otel-usage gateway guard`. Takes the directory from the environment, as the Collector does: that one knows no options of ours. */
export async function guard(command: readonly string[], context: CommandContext): Promise<void> {
  const { environment, stderr } = context
  const onNotice = (sentence: string) => stderr.write(`${sentence}\n`)
  context.exitCode = await runGuarded({ command, environment, onNotice })
}
