import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { GatewayError } from './errors.ts'

/**
 * Returns the path of a file under collector-config/, which ships with the package, in a directory above this module.
 *
 * @throws {GatewayError} if the installed package lacks the file.
 */
export function collectorConfigFile(name: string): string {
  let directory = here
  while (true) {
    const candidate = path.join(directory, 'collector-config', name)
    if (existsSync(candidate)) return candidate
    const parent = path.dirname(directory)
    if (parent === directory) {
      throw new GatewayError(
        `collector-config/${name} is missing above '${here}'; install the package again.`,
      )
    }
    directory = parent
  }
}

/** Returns the path of a script that runs as a child process. It lies beside the module that starts it, as source or built. */
export function childScript(name: 'guard' | 'clickhouse-engine', starter: ImportMeta): string {
  return path.join(starter.dirname, `${name}${path.extname(starter.filename)}`)
}

const here = path.dirname(fileURLToPath(import.meta.url))
