import type { Writable } from 'node:stream'
import { UsageConfigurationError } from '../../platform/index.ts'
import { FeedError } from '../feed/index.ts'
import { GatewayError, GatewayOptionsError } from '../package/index.ts'
import { CallError } from './call-error.ts'

/** Exit code of a wrong call. */
export const CALLED_WRONGLY = 2

/** Returns the sentence that ends the message about a wrong call. */
export const hintAt = (command: string) => `\`${command} --help\` shows how to call it.`

/**
 * Writes the message of an error to standard error, and returns the exit code of the command.
 *
 * @param command The command, such as `otel-usage gateway up`.
 * @throws {unknown} the error itself if it is not one that a user of the command can bring about.
 */
export function exitCodeOf(error: unknown, stderr: Writable, command: string): number {
  const isWrongCall =
    error instanceof CallError ||
    error instanceof GatewayOptionsError ||
    error instanceof FeedError ||
    error instanceof UsageConfigurationError
  if (!isWrongCall && !(error instanceof GatewayError)) throw error
  stderr.write(`${error.message}\n${isWrongCall ? `${hintAt(command)}\n` : ''}`)
  return isWrongCall ? CALLED_WRONGLY : 1
}
