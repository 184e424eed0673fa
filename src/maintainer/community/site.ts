import { chartSvg } from '../charts/index.ts'
import {
  type Answer,
  answerCsv,
  type Columns,
  chartSentencesOf,
  QUESTIONS,
  type QuestionName,
} from '../insights/index.ts'
import { badgesOf, latestVersion } from './badges.ts'
import { factId, factsPage } from './facts-page.ts'
import type { GatheredReport } from './gather.ts'
import { factsFile, hasFacts, reportPage } from './report-page.ts'
import { REPORT_SCHEMA } from './schema.ts'

/** Name of the file that lists all others. */
export const INDEX = 'report.json'

/** Returns the files of a report, by their path. The same answers give the same bytes. */
export function siteFiles(report: GatheredReport): ReadonlyMap<string, string> {
  const { products } = report
  const files = new Map<string, string>()
  files.set('index.html', reportPage(report))
  files.set('schema.json', json(REPORT_SCHEMA))
  for (const product of products) {
    if (hasFacts(product)) files.set(factsFile(product), factsPage(report, product))
    for (const { file, svg } of badgesOf(product)) files.set(`badges/${file}`, svg)
  }
  for (const data of dataOf(report)) {
    const { id, title, answer } = data
    const columns: Columns = QUESTIONS[answer.question as QuestionName].columns
    files.set(`data/${id}.json`, json(answerFile(data, columns)))
    files.set(`data/${id}.csv`, answerCsv(answer, columns))
    files.set(`data/${id}.svg`, chartSvg(answer, { title, description: chartSentencesOf(answer) }))
  }
  files.set(INDEX, json(indexOf(report, [...files.keys()].toSorted())))
  return files
}

const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`

interface Data {
  readonly id: string
  readonly title: string
  readonly decision: string
  readonly answer: Answer
}

function dataOf({ questions, products }: GatheredReport): Data[] {
  const ofFacts = products.flatMap((product) =>
    product.facts.flatMap(({ name, fact, answer }) =>
      answer === undefined
        ? []
        : [{ id: factId(product, name), title: `Values of ${name}`, decision: fact.why, answer }],
    ),
  )
  return [...questions, ...ofFacts]
}

function answerFile({ id, title, decision, answer }: Data, columns: Columns): object {
  const { question, product, rows, ...rest } = answer
  return {
    format: 'otel-usage/community-report-answer/1',
    id,
    title,
    decision,
    question,
    product,
    ...rest,
    columns,
    rows,
  }
}

function indexOf(
  { definition, lastUpdated, questions, products }: GatheredReport,
  files: readonly string[],
): object {
  return {
    format: 'otel-usage/community-report/1',
    title: definition.title,
    lastUpdated,
    smallestGroup: definition.smallestGroup,
    products: products.map((product) => ({
      name: product.name,
      title: product.title,
      until: product.until,
      activeInstallations: product.active.rows.at(-1)?.['days28'] || null,
      newestVersion: latestVersion(product.versions) ?? null,
      facts: product.facts.map(({ name, fact, answer }) => ({
        name,
        why: fact.why,
        since: fact.since,
        level: fact.level ?? null,
        owner: fact.owner ?? null,
        expires: fact.expires ?? null,
        data: answer === undefined ? null : `data/${factId(product, name)}.json`,
      })),
    })),
    questions: questions.map(({ id, title, decision, ask, product }) => ({
      ...{ id, title, decision, question: ask, product: product.name },
      ...{ data: `data/${id}.json`, csv: `data/${id}.csv`, chart: `data/${id}.svg` },
    })),
    files,
  }
}
