import { askHostNow, process, systemEnvironment, systemHasTerminal } from '../../platform/index.ts'
import { detectAutomation } from '../consent/index.ts'
import type { VersionCheckOptions } from './types.ts'

/** Surroundings of a command that has written its output. Default: those of the process. */
export interface CommandSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Arguments of the command. */
  readonly args: readonly string[]
  readonly hasTerminal: (descriptor: 1 | 2) => boolean
}

/**
 * Returns whether a person reads the standard error of this process: on a terminal, as standard output is, and neither in CI nor with
 * output for a program. `NO_UPDATE_NOTIFIER` is obeyed, as other tools do.
 */
export function mayPrint(
  wish: VersionCheckOptions['printAtEnd'] = true,
  { environment, args, hasTerminal }: CommandSurroundings = systemSurroundings(),
): boolean {
  const isWanted = typeof wish === 'function' ? askHostNow(wish) === true : wish
  return (
    isWanted &&
    environment['NO_UPDATE_NOTIFIER'] === undefined &&
    !args.includes('--no-update-notifier') &&
    hasTerminal(1) &&
    hasTerminal(2) &&
    !writesJson(args) &&
    detectAutomation(environment) === undefined
  )
}

/** Returns whether an argument asks for JSON: `--json`, `-o json`, `--output=json`, `--format ndjson`. */
const writesJson = (args: readonly string[]): boolean =>
  /(?:^|\s)--?(?:[a-z-]+[= ])?[a-z]*json[a-z]*(?:=|\s|$)/i.test(args.join(' '))

const systemSurroundings = (): CommandSurroundings => ({
  environment: systemEnvironment(),
  args: process.argv.slice(2),
  hasTerminal: systemHasTerminal,
})
