import os from 'node:os'
import { type Environment, systemEnvironment } from '../../../platform/index.ts'
import { runCommand } from '../process/run-command.ts'
import type { Collector } from './collector.ts'
import { collectorArguments, readableFiles } from './collector-arguments.ts'
import { collectorEnvironment } from './collector-environment.ts'
import { containerCommand } from './docker.ts'

/** Options of {@link validateConfig}. */
export interface ValidateConfigOptions {
  readonly collector: Collector
  /** Paths of configurations that are merged over gateway.yaml, in this order. Default: none. */
  readonly configs?: readonly string[]
  /** Default: the environment of the process. */
  readonly environment?: Environment
}

/** Result of the Collector's own `validate`. `lines` are its errors. */
export type Validation =
  | { readonly valid: true }
  | { readonly valid: false; readonly lines: readonly string[] }

/** Runs the Collector's own `validate` over gateway.yaml and the overlays. It opens no port and writes no file. */
export async function validateConfig(options: ValidateConfigOptions): Promise<Validation> {
  const { collector, configs = [], environment = systemEnvironment() } = options
  const command =
    collector.how === 'docker'
      ? containerCommand(collector.command, {
          files: readableFiles(configs),
          directory: os.tmpdir(),
          variables: Object.keys(environment).filter((name) => name.startsWith('USAGE_')),
        })
      : collector.command
  const { code, lines } = await runCommand([...command, 'validate', ...collectorArguments(configs)], {
    environment: collectorEnvironment(environment),
    timeout: 60_000,
  })
  return code === 0 ? { valid: true } : { valid: false, lines }
}
