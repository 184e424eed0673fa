/** Content of a page, before it is Markdown or HTML. Every text in it is untrusted, and escaped by whatever writes it. */

/** A piece of a text: words, something as it is typed, or the address of a page. */
export type Piece = string | { readonly code: string } | { readonly link: string }

export type Text = readonly Piece[]

export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly text: Text }
  | { readonly kind: 'paragraph'; readonly text: Text }
  | { readonly kind: 'list'; readonly items: readonly Text[] }
  | Table
  /** Text of several lines, as it is. */
  | { readonly kind: 'verbatim'; readonly language: string; readonly text: string }
  /** Content behind a line that opens it. */
  | { readonly kind: 'folded'; readonly summary: string; readonly blocks: readonly Block[] }

/** A table whose first column names the rows. */
export interface Table {
  readonly kind: 'table'
  /** Name of the table for those who do not see it. */
  readonly caption: string
  readonly head: readonly string[]
  readonly rows: ReadonlyArray<readonly Text[]>
}

/** Pieces of a text: `text\`To stop it: ${code('A=1')}.\``. Strings in braces are words. */
export const text = (words: TemplateStringsArray, ...pieces: ReadonlyArray<Piece | Text>): Text =>
  words.flatMap((one, index) => [
    one,
    ...(index < pieces.length ? [pieces[index] as Piece | Text].flat() : []),
  ])

export const code = (written: string): Piece => ({ code: written })

export const heading = (level: 1 | 2 | 3, ...pieces: Text): Block => ({
  kind: 'heading',
  level,
  text: pieces,
})

export const paragraph = (pieces: Text): Block => ({ kind: 'paragraph', text: pieces })

export const list = (items: readonly Text[]): Block => ({ kind: 'list', items })

/** Joins texts with a separator. */
export const joined = (separator: string, texts: readonly Text[]): Text =>
  texts.flatMap((one, index) => (index === 0 ? one : [separator, ...one]))

/** Lists texts with commas, and a word before the last one. */
export function listed(texts: readonly Text[], last = 'and'): Text {
  return texts.flatMap((one, index) => {
    if (index === 0) return one
    return [index === texts.length - 1 ? ` ${last} ` : ', ', ...one]
  })
}
