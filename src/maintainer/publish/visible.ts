/** Returns a text in one line: control characters, and characters that reverse or hide text, are replaced with U+FFFD. */
export const visible = (text: string): string => text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}')
