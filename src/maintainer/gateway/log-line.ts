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

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const entry = JSON.parse(line)
    return typeof entry?.msg === 'string' && typeof entry.level === 'string' ? entry : undefined
  } catch {
    return undefined
  }
}
