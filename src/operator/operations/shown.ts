/**
 * Returns a text for a terminal or a page: without control characters, and without those that hide text or turn its direction. What
 * stands in the ledger, in the history or in an answer of the network may be any text.
 */
export const shown = (text: unknown): string =>
  String(text)
    .replaceAll(/[\t\n\r]+/g, ' ')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}')
