/**
 * Formats a line of the Collector's log for people: time, level, component, message and error. Returns any other line as it is.
 */
export function readableLine(line: string): string {
  const entry = parsed(line)
  if (entry === undefined) return line
  const { level, msg, error, ts } = entry
  const time = typeof ts === 'string' ? `${ts.slice(11, 19)} ` : ''
  const part = entry['otelcol.component.id'] ?? entry['otelcol.pipeline.id']
  return `${time}${level}: ${part ? `${part}: ` : ''}${msg}${error ? ` ${error}` : ''}`
}

/** Returns `true` for a line that a person at the terminal needs: a warning, an error, or the reason of a retry. */
export function isImportantLine(line: string): boolean {
  const entry = parsed(line)
  return entry === undefined || entry['level'] !== 'info' || entry['error'] !== undefined
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const entry = JSON.parse(line)
    return typeof entry?.msg === 'string' && typeof entry.level === 'string' ? entry : undefined
  } catch {
    return undefined
  }
}
