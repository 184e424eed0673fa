import path from 'node:path'
import { collectorConfigFile } from '../../package/index.ts'

/** gateway.yaml, and what is merged over it. */
export const readableFiles = (configs: readonly string[]): string[] =>
  [collectorConfigFile('gateway.yaml'), ...configs].map((file) => path.resolve(file))

/** The Collector's arguments that name its configuration. It takes a path with a colon for an address, unless one says that it is a file. */
export const collectorArguments = (configs: readonly string[]): string[] =>
  readableFiles(configs).flatMap((file) => ['--config', `file:${file}`])
