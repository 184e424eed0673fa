import path from 'node:path'
import { collectorConfigFile } from '../../package/index.ts'

/** Returns the absolute paths of gateway.yaml and of the files that are merged over it. */
export const readableFiles = (configs: readonly string[]): string[] =>
  [collectorConfigFile('gateway.yaml'), ...configs].map((file) => path.resolve(file))

/** Returns the Collector's arguments that name its configuration. Without `file:` it would take a path with a colon for an address. */
export const collectorArguments = (configs: readonly string[]): string[] =>
  readableFiles(configs).flatMap((file) => ['--config', `file:${file}`])
