import type { Block, Table, Text } from './blocks.ts'
import { visible } from './visible.ts'

/** Returns a page as one HTML file that loads nothing: no script, no font, no image. */
export function htmlPage(title: string, blocks: readonly Block[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<main>
${blocks.map(htmlOf).join('\n')}
</main>
</body>
</html>
`
}

/** Returns a text for HTML, between tags and in attributes. */
export const escapeHtml = (text: string): string =>
  visible(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')

const STYLE = `:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 75rem; padding: 1rem }
p, ul { max-width: 45rem }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em }
code { overflow-wrap: anywhere }
pre { overflow: auto }
.wide { overflow-x: auto }
table { border-collapse: collapse }
caption { text-align: left; font-style: italic; padding-bottom: 0.25rem }
th, td { border: 1px solid GrayText; padding: 0.25rem 0.5rem; text-align: left; vertical-align: top }
tbody th { font-weight: normal }
:focus-visible { outline: 3px solid Highlight }`

function htmlOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${inlineHtml(block.text)}</h${block.level}>`
    case 'paragraph':
      return `<p>${inlineHtml(block.text)}</p>`
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${inlineHtml(item)}</li>`).join('\n')}\n</ul>`
    case 'table':
      return tableOf(block)
    case 'verbatim':
      // A keyboard can scroll only what it can reach.
      return `<pre tabindex="0"><code>${block.text.split('\n').map(escapeHtml).join('\n')}</code></pre>`
    case 'folded':
      return `<details>\n<summary>${escapeHtml(block.summary)}</summary>\n${block.blocks.map(htmlOf).join('\n')}\n</details>`
  }
}

function tableOf({ caption, head, rows }: Table): string {
  const heads = head.map((one) => `<th scope="col">${escapeHtml(one)}</th>`).join('')
  const lines = rows.map(([first = [], ...cells]) => {
    const others = cells.map((cell) => `<td>${inlineHtml(cell)}</td>`).join('')
    return `<tr><th scope="row">${inlineHtml(first)}</th>${others}</tr>`
  })
  const name = escapeHtml(caption)
  return `<div class="wide" role="region" aria-label="${name}" tabindex="0">
<table>
<caption>${name}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${lines.join('\n')}
</tbody>
</table>
</div>`
}

/** Returns a text as HTML. */
export const inlineHtml = (text: Text): string =>
  text
    .map((piece) => {
      if (typeof piece === 'string') return escapeHtml(piece)
      if ('code' in piece) return `<code>${escapeHtml(piece.code)}</code>`
      const address = escapeHtml(new URL(piece.link).href)
      return `<a href="${address}">${address}</a>`
    })
    .join('')
