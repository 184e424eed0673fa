#!/usr/bin/env node
/** The command `otel-usage`, for maintainers. */
const USAGE = `Usage: otel-usage <command>

Commands:
  catalog    Writes and checks what follows from a catalog: otel-usage catalog --help
  gateway    Finds, checks and runs the Collector and ClickHouse: otel-usage gateway --help
`

const [command, ...rest] = process.argv.slice(2)

if (command === 'catalog') {
  const { runCatalogCommand } = await import('./maintainer/commands/index.ts')
  process.exitCode = await runCatalogCommand(rest)
} else if (command === 'gateway') {
  const { runGatewayCommand } = await import('./maintainer/commands/index.ts')
  process.exitCode = await runGatewayCommand(rest)
  // A connection to a proxy that never answers cannot be called off, and would keep the process for minutes.
  setTimeout(() => process.exit(), 1_000).unref()
} else if (command === undefined || command === '--help' || command === '-h') {
  process.stdout.write(USAGE)
} else {
  process.stderr.write(`There is no command '${command}'.\n\n${USAGE}`)
  process.exitCode = 2
}

export {}
