/** Widths of texts in a terminal, in columns: an ideograph or an emoji takes two, a combining mark none. */
import stringWidth from 'string-width'

const characters = new Intl.Segmenter()

/** Returns the width of a text. Escape sequences of a terminal take none. */
export const widthOf = (text: string): number => stringWidth(text)

/** Returns a text with spaces to a width; a wider text is returned as it is. */
export function padded(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(width - widthOf(text), 0))
  return align === 'right' ? space + text : text + space
}

/** Returns as many whole characters of the start of a text as fit into a width. */
export function startOf(text: string, width: number): string {
  let left = width
  let end = 0
  for (const { segment } of characters.segment(text)) {
    left -= widthOf(segment)
    if (left < 0) break
    end += segment.length
  }
  return text.slice(0, end)
}

/** Returns a text of at most a width; one that is cut ends with an ellipsis. */
export const cut = (text: string, width: number): string =>
  widthOf(text) <= width ? text : `${startOf(text, width - 1)}…`
