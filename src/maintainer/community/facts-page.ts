import { commandName } from '../insights/index.ts'
import { escapeHtml, factInWords, inlineHtml } from '../publish/index.ts'
import { figureHtml } from './figure.ts'
import type { GatheredFact, GatheredProduct, GatheredReport } from './gather.ts'
import { linkHtml, pageHtml } from './html.ts'
import { footerHtml, updatedHtml } from './report-page.ts'

/** Returns the page of all facts of a product: why each is collected, and what it has shown. */
export function factsPage(report: GatheredReport, product: GatheredProduct): string {
  const title = `What ${product.title} reports`
  const { facts, catalog } = product
  const removed = catalog?.removed ?? []
  return pageHtml({
    title,
    description: `All facts that ${product.title} may report, why, since when, and what they have shown.`,
    contents: [
      ['index.html', report.definition.title],
      ...facts.map(({ name }) => [`#${name}`, name] as const),
    ],
    header: `<h1>${escapeHtml(title)}</h1>
<p>These are all facts that ${escapeHtml(product.title)} may report: version ${catalog?.version} of its catalog. Nothing else can leave it, where its operator allows reports at all.${
      removed.length === 0
        ? ''
        : ` No longer collected: ${removed
            .toSorted()
            .map((name) => `<code>${escapeHtml(name)}</code>`)
            .join(', ')}.`
    }</p>
${updatedHtml(report)}`,
    main: facts.map((fact) => factHtml(fact, product)).join('\n'),
    footer: footerHtml(report),
  })
}

/** Returns the name of the files of a fact. */
export const factId = ({ name }: Pick<GatheredProduct, 'name'>, fact: string): string =>
  `fact-${name}-${commandName(fact)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')}`

function factHtml({ name, fact, answer }: GatheredFact, product: GatheredProduct): string {
  const level = fact.level ?? product.catalog?.levels[0]
  const rows: (readonly [string, string])[] = [
    ['Why', escapeHtml(fact.why)],
    ['What', inlineHtml(factInWords(fact))],
    ['Since', `version ${fact.since} of the catalog`],
    ['Level', escapeHtml(`from ${level} on`)],
    ['Owner', fact.owner === undefined ? 'not named' : escapeHtml(fact.owner)],
    [
      'Expires',
      fact.expires === undefined
        ? 'never'
        : escapeHtml(/^\d{4}-/.test(fact.expires) ? `on ${fact.expires}` : `with version ${fact.expires}`),
    ],
    ...(fact.review === undefined ? [] : [['Review', linkHtml(fact.review, fact.review)] as const]),
  ]
  return `<section aria-labelledby="${escapeHtml(name)}">
<h2 id="${escapeHtml(name)}"><code>${escapeHtml(name)}</code></h2>
<dl class="about">
${rows.map(([term, words]) => `<dt>${term}</dt><dd>${words}</dd>`).join('\n')}
</dl>
${answer === undefined ? '<p class="updated">Its values are not published: they are ids, or what operators have written.</p>' : figureHtml({ id: factId(product, name), title: `Values of ${name}`, answer })}
</section>`
}
