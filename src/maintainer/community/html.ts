import { createHash } from 'node:crypto'
import { CHART_STYLE } from '../charts/index.ts'
import { escapeHtml } from '../publish/index.ts'
import { STYLE } from './style.ts'

export interface Page {
  readonly title: string
  readonly description: string
  /** Links beside the content: address and words. */
  readonly contents: readonly (readonly [href: string, words: string])[]
  readonly header: string
  readonly main: string
  readonly footer: string
}

const WHOLE_STYLE = `\n${CHART_STYLE}\n${STYLE}\n`
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(WHOLE_STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`

/** Returns a page that loads nothing, and that may load and run nothing: its one style sheet is named by its hash. */
export const pageHtml = ({
  title,
  description,
  contents,
  header,
  main,
  footer,
}: Page): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="otel-usage">
<meta name="description" content="${escapeHtml(description)}">
<title>${escapeHtml(title)}</title>
<style>${WHOLE_STYLE}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
${header}
</header>
<div class="columns">
<nav aria-label="Contents"><ul>
${contents.map(([href, words]) => `<li><a href="${escapeHtml(href)}">${escapeHtml(words)}</a></li>`).join('\n')}
</ul></nav>
<main id="content" tabindex="-1">
${main}
</main>
</div>
<footer>
${footer}
</footer>
</body>
</html>
`

/** Returns words of a definition: paragraphs parted by empty lines, with addresses as links. */
export const wordsHtml = (words: string | undefined): string =>
  (words ?? '')
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim().replaceAll(/\s+/g, ' '))
    .filter((paragraph) => paragraph !== '')
    .map((paragraph) => `<p>${linked(paragraph)}</p>`)
    .join('\n')

const linked = (text: string): string =>
  text
    .split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)])/)
    .map((piece, index) =>
      index % 2 === 1 && URL.canParse(piece) ? linkHtml(piece, piece) : escapeHtml(piece),
    )
    .join('')

export const linkHtml = (address: string, words: string): string =>
  `<a href="${escapeHtml(new URL(address).href)}" rel="noreferrer">${escapeHtml(words)}</a>`
