import type { Block, Text } from './blocks.ts'
import { escapeHtml } from './html.ts'
import { code, prose, row } from './markdown-text.ts'

/** Returns a page in Markdown (CommonMark, with GitHub's tables). */
export const markdownPage = (blocks: readonly Block[]): string => `${blocks.map(markdownOf).join('\n\n')}\n`

function markdownOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${inline(block.text)}`
    case 'paragraph':
      return atStart(inline(block.text))
    case 'list':
      return block.items.map((item) => `- ${atStart(inline(item))}`).join('\n')
    case 'table':
      return [
        row(block.head.map(prose)),
        `|${'---|'.repeat(block.head.length)}`,
        ...block.rows.map((cells) => row(cells.map(inline))),
      ].join('\n')
    case 'verbatim':
      return `\`\`\`${block.language}\n${block.text}\n\`\`\``
    case 'folded':
      // An HTML block ends at an empty line, so that Markdown goes on behind it.
      return `<details>\n<summary>${escapeHtml(block.summary)}</summary>\n\n${block.blocks.map(markdownOf).join('\n\n')}\n\n</details>`
  }
}

/** Escapes what makes a heading, a list or a rule of a line that begins with it. */
const atStart = (line: string): string =>
  line
    .trimStart()
    .replace(/^[#+=-]/, '\\$&')
    .replace(/^(\d+)([.)])/, '$1\\$2')

const inline = (text: Text): string =>
  text
    .map((piece) => {
      if (typeof piece === 'string') return prose(piece)
      return 'code' in piece ? code(piece.code) : `<${new URL(piece.link).href}>`
    })
    .join('')
