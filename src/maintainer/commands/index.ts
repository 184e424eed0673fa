/** Commands: everything that `otel-usage` does for a maintainer. One file a command; `otel-usage.ts` lists them. */
export type { CommandIo } from './command-io.ts'
export { runGatewayCommand, runOtelUsage } from './run.ts'
