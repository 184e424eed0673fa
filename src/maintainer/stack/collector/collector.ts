import type { Environment } from '../../../platform/index.ts'
import { runCommand, tellingLine } from '../process/run-command.ts'

/** How a Collector was come by. */
export type CollectorOrigin = 'variable' | 'cache' | 'release' | 'build' | 'docker'

/** A Collector that can be run. */
export interface Collector {
  /** The command and its first arguments; the Collector's own arguments follow. */
  readonly command: readonly string[]
  /** As `--version` says it, such as `0.161.0`. */
  readonly version: string
  readonly how: CollectorOrigin
}

/** Asks a Collector for its version. A reason instead where it does not run or is something else. */
export async function readVersion(
  command: readonly string[],
  environment: Environment,
): Promise<{ readonly version: string } | { readonly reason: string }> {
  const { code, lines } = await runCommand([...command, '--version'], { environment, timeout: 20_000 })
  if (code !== 0) return { reason: `\`--version\` ended with ${code}: ${tellingLine(lines)}` }
  const version = /version v?(\d+\.\d+\.\d+\S*)/.exec(lines.join('\n'))?.[1]
  return version === undefined
    ? { reason: `\`--version\` printed '${lines[0] ?? ''}', which names no version` }
    : { version }
}

/** Whether a Collector has a processor, as its own `components` says. */
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
