import { escapeHtml } from '../publish/index.ts'

/** Width of a character of a badge, about that of Verdana at 11 pixels. `textLength` makes any other font fit. */
const CHARACTER = 6.6

/** Returns a badge: a label and a value beside each other. */
export function badge(label: string, value: string): string {
  const [left, right] = [label, value].map((text) => Math.round([...text].length * CHARACTER) + 14) as [
    number,
    number,
  ]
  const width = left + right
  const text = (shown: string, x: number, box: number) =>
    `<text x="${x}" y="14" textLength="${box - 14}" lengthAdjust="spacingAndGlyphs">${escapeHtml(shown)}</text>`
  const name = `${label}: ${value}`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" viewBox="0 0 ${width} 20" role="img" aria-label="${escapeHtml(name)}"><title>${escapeHtml(name)}</title><rect width="${width}" height="20" rx="4" fill="#3a424e"/><path d="M${left},0h${right - 4}a4,4 0 0 1 4,4v12a4,4 0 0 1 -4,4h-${right - 4}z" fill="#1d58b8"/><g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">${text(label, 7, left)}${text(value, left + 7, right)}</g></svg>\n`
}
