import { tellHost } from './calls.ts'

/** Logger for the library's messages, such as `console`, pino or winston. */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

/** Logger that discards all messages. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Creates a logger over one of the host's, which never throws: the failure of a logger cannot be logged. */
export function safeLogger(logger: Logger): Logger {
  const safe = (level: keyof Logger) => (message: string) => tellHost(() => logger[level](message))
  return { debug: safe('debug'), info: safe('info'), warn: safe('warn'), error: safe('error') }
}
