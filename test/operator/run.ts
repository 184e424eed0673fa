import type { TelemetryIo } from '../../src/cli.ts'
import { runTelemetryCommand } from '../../src/cli.ts'
import type { OperatedTelemetry } from '../../src/operator/operations/index.ts'
import { memory } from '../support/memory.ts'

/** Runs a command of `acme telemetry` and returns its exit code and everything that it has written. */
export async function runAcme(usage: OperatedTelemetry, args: readonly string[], io: TelemetryIo = {}) {
  const [stdout, stderr] = [memory(), memory()]
  const code = await runTelemetryCommand(usage, args, {
    ...{ environment: {}, name: 'acme telemetry', by: 'alice' },
    ...io,
    ...{ stdout, stderr },
  })
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}
