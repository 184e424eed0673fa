import type { Logger } from '../../src/platform/index.ts'

/** A logger that keeps what it is told: `'info: …'`. */
export interface KeptLog extends Logger {
  readonly lines: string[]
}

export function createLog(): KeptLog {
  const lines: string[] = []
  const keep = (level: string) => (message: string) => {
    lines.push(`${level}: ${message}`)
  }
  return { lines, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
}
