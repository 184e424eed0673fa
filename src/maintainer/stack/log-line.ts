/**
 * A line of the Collector's log as people read it: time, level, the part that speaks, what it says and why. What is no such line
 * stays as it is.
 */
export function readableLine(line: string): string {
  const entry = parsed(line)
  if (entry === undefined) return line
  const { level, msg, error, ts } = entry
  const time = typeof ts === 'string' ? `${ts.slice(11, 19)} ` : ''
  const part = entry['otelcol.component.id'] ?? entry['otelcol.pipeline.id']
  return `${time}${level}: ${part ? `${part}: ` : ''}${msg}${error ? ` ${error}` : ''}`
}

/** Whether a person who has the Collector in front of them wants to see a line: a warning, an error, or why something is tried again. */
export function isTelling(line: string): boolean {
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
