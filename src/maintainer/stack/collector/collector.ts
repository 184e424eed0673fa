import type { Environment } from '../../../platform/index.ts'
import { mostUsefulLine, runCommand } from '../process/run-command.ts'

/** Way in which a Collector was found. */
export type CollectorOrigin = 'variable' | 'cache' | 'release' | 'build' | 'docker'

/** Collector that can be run. */
export interface Collector {
  /** Command and first arguments, to which the Collector's own arguments are added. */
  readonly command: readonly string[]
  /** Version that `--version` prints, such as `0.161.0`. */
  readonly version: string
  readonly how: CollectorOrigin
}

/** Asks a Collector for its version. Returns a reason instead if the program does not run or is not a Collector. */
export async function readVersion(
  command: readonly string[],
  environment: Environment,
): Promise<{ readonly version: string } | { readonly reason: string }> {
  const { code, lines } = await runCommand([...command, '--version'], { environment, timeout: 20_000 })
  if (code !== 0) return { reason: `\`--version\` ended with ${code}: ${mostUsefulLine(lines)}` }
  const version = /version v?(\d+\.\d+\.\d+\S*)/.exec(lines.join('\n'))?.[1]
  return version === undefined
    ? { reason: `\`--version\` printed '${lines[0] ?? ''}', which names no version` }
    : { version }
}

/** Returns `true` if a Collector has a processor, by its own `components` command. */
export async function hasProcessor(
  { command }: Collector,
  name: string,
  environment: Environment,
): Promise<boolean> {
  let section = ''
  let found = false
  await runCommand([...command, 'components'], {
    environment,
    timeout: 20_000,
    onLine: (line) => {
      if (/^\S/.test(line)) section = line
      found ||= section === 'processors:' && line.trim() === `- name: ${name}`
    },
  })
  return found
}
