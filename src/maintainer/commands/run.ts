import { type CommandIo, contextOf } from './command-io.ts'
import { exitCodeOf } from './failure.ts'
import { guard } from './guard.ts'
import type { AddCommand } from './otel-usage.ts'

/**
 * Runs the command `otel-usage` and returns its exit code, as `runOtelUsage` of otel-usage.ts does. Loads what the call needs: a guard
 * starts with the Collector, and is in memory for as long as that runs.
 *
 * @param more Loads commands of other people than the maintainer. Default: none.
 */
export async function runOtelUsage(
  args: readonly string[],
  io: CommandIo = {},
  more: () => Promise<readonly AddCommand[]> = async () => [],
): Promise<number> {
  const [room, name, hyphens, ...collector] = args
  if (room === 'gateway' && name === 'guard' && hyphens === '--') return guardAlone(collector, io)
  const program = await import('./otel-usage.ts')
  return program.runOtelUsage(args, io, await more())
}

/** Runs `otel-usage gateway` with these arguments, and returns its exit code as {@link runOtelUsage} does. */
export function runGatewayCommand(args: readonly string[], io?: CommandIo): Promise<number> {
  return runOtelUsage(['gateway', ...args], io)
}

async function guardAlone(collector: readonly string[], io: CommandIo): Promise<number> {
  const context = contextOf(io)
  try {
    await guard(collector, context)
    return context.exitCode
  } catch (error) {
    return exitCodeOf(error, context.stderr, 'otel-usage gateway guard')
  }
}
