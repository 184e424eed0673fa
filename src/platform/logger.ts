import { tellHost } from './calls.ts'

/** Where the library speaks to the host. `console`, pino, winston and the like fit as they are. */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

/** Says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** The same logger, called as all code of the host is: one that fails has nobody left to tell. */
export function safeLogger(logger: Logger): Logger {
  const safe = (level: keyof Logger) => (message: string) => tellHost(() => logger[level](message))
  return { debug: safe('debug'), info: safe('info'), warn: safe('warn'), error: safe('error') }
}
