#!/usr/bin/env node
/** The command `otel-usage`, for maintainers, and for operators of a product that does not run. */
import { runOtelUsage } from './maintainer/commands/index.ts'

// A reader that has seen enough, such as `head`, closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

process.exitCode = await runOtelUsage(process.argv.slice(2), {}, async () => {
  const { addInspectCommand } = await import('./operator/commands/index.ts')
  return [addInspectCommand]
})
// A connection to a proxy that never answers cannot be aborted, and would keep the process for minutes.
setTimeout(() => process.exit(), 1_000).unref()
