import { type CommandIo, runOtelUsage } from '../../src/maintainer/commands/index.ts'
import { memory } from './memory.ts'

/** Runs `otel-usage`, without variables by default, and returns its exit code and everything that it has written. */
export async function runCommand(args: readonly string[], io: Omit<CommandIo, 'stdout' | 'stderr'> = {}) {
  const [stdout, stderr] = [memory(), memory()]
  const code = await runOtelUsage(args, { environment: {}, ...io, stdout, stderr })
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}
