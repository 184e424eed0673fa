import { type Answer, dayBefore } from '../insights/index.ts'
import { escapeHtml } from '../publish/index.ts'
import { badgesOf, latestVersion } from './badges.ts'
import type { ReportDefinition } from './definition.ts'
import { figureHtml } from './figure.ts'
import type { AnsweredQuestion, GatheredProduct, GatheredReport } from './gather.ts'
import { linkHtml, pageHtml, wordsHtml } from './html.ts'

/** Returns the page with the answers. */
export function reportPage(report: GatheredReport): string {
  const { definition, questions, products } = report
  const { title, about, link } = definition
  return pageHtml({
    title,
    description: `${title}: ${questions.map((question) => question.title).join(' ')}`,
    contents: [
      ...questions.map(({ id, title }) => [`#${id}`, title] as const),
      ...products
        .filter(hasFacts)
        .map((product) => [factsFile(product), `What ${product.title} reports`] as const),
      ['#method', 'Method and limits'],
      ['#data', 'Data and badges'],
    ],
    header: `<h1>${escapeHtml(title)}</h1>
${wordsHtml(about)}
${link === undefined ? '' : `<p>${linkHtml(link, link)}</p>\n`}${updatedHtml(report)}
<ul class="tiles">
${products.flatMap((product) => tilesOf(product, products.length > 1)).join('\n')}
</ul>`,
    main: [
      ...questions.map((question) => questionHtml(question, products.length > 1)),
      methodHtml(definition, products),
      dataHtml(report),
    ].join('\n'),
    footer: footerHtml(report),
  })
}

export const factsFile = ({ name }: Pick<GatheredProduct, 'name'>): string => `facts-${name}.html`
export const hasFacts = ({ facts }: GatheredProduct): boolean => facts.length > 0

export const updatedHtml = ({ lastUpdated }: GatheredReport): string =>
  `<p class="updated">Last updated <time datetime="${escapeHtml(lastUpdated)}">${escapeHtml(lastUpdated.replace('T', ' ').replace(/:\d\dZ$/, ' UTC'))}</time></p>`

export const footerHtml = ({ definition }: GatheredReport): string =>
  `<p>No group of fewer than ${definition.smallestGroup} installations is on this page. It has no script, and loads nothing. Made by otel-usage.</p>`

function tilesOf(product: GatheredProduct, isOneOfMany: boolean): string[] {
  const { active, versions } = product
  const of = isOneOfMany ? `${product.title}: ` : ''
  const days28 = active.rows.at(-1)?.['days28']
  const latest = latestVersion(versions)
  const tile = (value: string, words: string) =>
    `<li><strong>${escapeHtml(value)}</strong><span>${escapeHtml(of + words)}</span></li>`
  return [
    tile(countText(days28, active), `installations were active in the 28 days up to ${product.until}`),
    ...(latest === undefined
      ? []
      : [tile(latest.version, `is the newest version in use, at ${latest.share} of them`)]),
    ...changeTile(active, tile),
  ]
}

function changeTile(active: Answer, tile: (value: string, words: string) => string): string[] {
  const before = dayBefore(active.period.from, 27)
  // A store that does not go back far enough would show its own beginning as growth.
  if (active.source.since === null || active.source.since > before) return []
  const [first, last] = [active.rows[0]?.['days28'], active.rows.at(-1)?.['days28']]
  if (typeof first !== 'number' || typeof last !== 'number' || first === 0) return []
  const change = Math.round((last / first - 1) * 1000) / 10
  const sign = change > 0 ? '+' : change < 0 ? '−' : ''
  return [tile(`${sign}${Math.abs(change).toFixed(1)} %`, 'is the change of that in four weeks')]
}

/** Returns a number of installations in words that hold for a rounded one too. */
function countText(value: unknown, { smallestGroup }: Answer): string {
  return typeof value === 'number' && value > 0 ? value.toLocaleString('en') : `fewer than ${smallestGroup}`
}

function questionHtml(question: AnsweredQuestion, isOneOfMany: boolean): string {
  const { id, title, decision, link, before, after, answer, product } = question
  return `<section aria-labelledby="${id}">
<h2 id="${id}">${escapeHtml(title)}</h2>
<p class="decides"><b>Decides:</b> ${escapeHtml(decision)}${link === undefined ? '' : ` ${linkHtml(link, 'Where it is decided')}`}${isOneOfMany ? ` <b>Product:</b> ${escapeHtml(product.title)}` : ''}</p>
${wordsHtml(before)}
${figureHtml({ id, title, answer })}
${wordsHtml(after)}
</section>`
}

function methodHtml(
  { smallestGroup, questions }: ReportDefinition,
  products: readonly GatheredProduct[],
): string {
  const hasMap = questions.some(({ ask }) => ask === 'countries')
  const pages = products
    .filter(hasFacts)
    .map((product) => `<a href="${factsFile(product)}">what ${escapeHtml(product.title)} reports</a>`)
  const points = [
    `The numbers come from reports that installations send once a day, where their operators allow it.${pages.length > 0 ? ` All that a report can say is on a separate page: ${pages.join(', ')}.` : ''}`,
    'Installations whose operators have said no send nothing, and are in no number. So every count is a least count, and a share is one of those who report: they may differ from those who do not.',
    'An installation is known by a random id. In a question about a period it counts once, with its last report; in one by day, once on each day. Containers, tests and short-lived machines may count as further installations, unless a chart says that they are left out.',
    `A group of fewer than ${smallestGroup} installations is not shown. All numbers of installations are rounded down to a multiple of ${smallestGroup}, so that the size of a small group does not follow from other numbers, here or in another edition of this page.`,
    'Network addresses are not data: the receiver derives a country from the connection and forgets the address before anything is stored.',
    `The last day is the last complete one that the receiver had when it was last updated. A report that arrives later is in the next edition of this page.`,
    'Versions that are texts of another form than a version number come last. Facts that are rounded or randomized before they are sent are named beside their charts.',
    ...(hasMap
      ? ['The map has the countries of Natural Earth, simplified. It says nothing about whose a region is.']
      : []),
  ]
  return `<section aria-labelledby="method">
<h2 id="method">Method and limits</h2>
<ul>
${points.map((point) => `<li>${point}</li>`).join('\n')}
</ul>
</section>`
}

function dataHtml({ products, questions }: GatheredReport): string {
  const badges = products.flatMap((product) => badgesOf(product))
  return `<section aria-labelledby="data">
<h2 id="data">Data and badges</h2>
<p>Each chart has its numbers beside it, as JSON and CSV. <a href="report.json">report.json</a> lists all of them with ${questions.length === 1 ? 'its question' : 'their questions'}; <a href="schema.json">schema.json</a> (JSON Schema) describes both. Fields are added to these files, and none changes its meaning.</p>
${badges.map(({ file, svg, label }) => `<div class="badge">${svg.trim()}</div>\n<p><code>![${escapeHtml(label)}](badges/${file})</code></p>`).join('\n')}
</section>`
}
