/** Publications about the telemetry of a product: the page for people, as Markdown and HTML, and the declaration for machines. */
export { usageServices } from './cyclonedx.ts'
export { factInWords } from './fact-words.ts'
export { escapeHtml, htmlPage, inlineHtml } from './html.ts'
export { markdownPage } from './markdown.ts'
export { type PublishedProduct, publishedProduct } from './published-product.ts'
export { pageTitle, usagePage } from './usage-page.ts'
export { visible } from './visible.ts'
