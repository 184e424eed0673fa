import type { Catalog, Fact } from '../../catalog/index.ts'
import { type Answer, dayBefore, InsightsError, type QuestionName } from '../insights/index.ts'
import type { ReportDefinition, ReportProduct, ReportQuestion } from './definition.ts'

/** All that a report is written from. */
export interface GatheredReport {
  readonly definition: ReportDefinition
  /** Time of the last change of the store that an answer has seen. */
  readonly lastUpdated: string
  readonly questions: readonly AnsweredQuestion[]
  readonly products: readonly GatheredProduct[]
}

export interface AnsweredQuestion extends ReportQuestion {
  readonly answer: Answer
}

export interface GatheredProduct extends ReportProduct {
  /** Last day of the answers. */
  readonly until: string
  readonly active: Answer
  readonly versions: Answer
  /** Facts of the catalog, by name. */
  readonly facts: readonly GatheredFact[]
}

export interface GatheredFact {
  readonly name: string
  readonly fact: Fact
  /** `undefined` where its values are not published. */
  readonly answer: Answer | undefined
}

/** Asks a question about a product. */
export type AskProduct = (
  product: ReportProduct,
  ask: QuestionName,
  options: Readonly<Record<string, unknown>>,
) => Promise<Answer>

export interface GatherOptions {
  readonly ask: AskProduct
  /** Last day of the answers (UTC). Default: the day before the store was last changed, which is the last one that is complete. */
  readonly until?: string | undefined
  /** Called with the number of answers so far, and that of all. */
  readonly onProgress?: (done: number, all: number) => void
}

/**
 * Asks everything that a report shows. The period follows from the store and not from the clock, so that the same data give the same report.
 *
 * @throws {InsightsError} if the store has no reports of a product.
 */
export async function gatherReport(
  definition: ReportDefinition,
  { ask, until, onProgress }: GatherOptions,
): Promise<GatheredReport> {
  const facts = definition.products.reduce((sum, { catalog }) => sum + factsOf(catalog).length, 0)
  const all = definition.questions.length + 2 * definition.products.length + facts
  let done = 0
  const counted: AskProduct = async (...asked) => {
    const answer = await ask(...asked)
    onProgress?.(++done, all)
    return answer
  }
  const products: GatheredProduct[] = []
  for (const product of definition.products) {
    const last = until ?? (await lastDayOf(product, ask))
    const active = await counted(product, 'active', { until: last })
    const versions = await counted(product, 'versions', { until: last })
    const gathered: GatheredFact[] = []
    for (const [name, fact] of factsOf(product.catalog)) {
      const asked = questionAbout(name, fact)
      const answer = asked && (await counted(product, asked[0], { ...asked[1], until: last }))
      gathered.push({ name, fact, answer })
    }
    products.push({ ...product, until: last, active, versions, facts: gathered })
  }
  const questions: AnsweredQuestion[] = []
  for (const question of definition.questions) {
    const last = products.find(({ name }) => name === question.product.name)?.until
    const answer = await counted(question.product, question.ask, { ...question.options, until: last })
    questions.push({ ...question, answer })
  }
  const answers = [...questions.map(({ answer }) => answer), ...products.map(({ active }) => active)]
  const lastUpdated =
    answers
      .map(({ source }) => source.asOf ?? '')
      .toSorted()
      .at(-1) ?? ''
  return { definition, lastUpdated, questions, products }
}

async function lastDayOf(product: ReportProduct, ask: AskProduct): Promise<string> {
  const { source } = await ask(product, 'versions', { days: 1 })
  if (source.asOf === null)
    throw new InsightsError(
      `The store has no reports of '${product.name}', or the housekeeping has not run since they came (\`otel-usage gateway maintain\` runs it). Nothing was written.`,
    )
  return dayBefore(source.asOf.slice(0, 10), 1)
}

const factsOf = (catalog: Catalog | undefined): [string, Fact][] =>
  Object.entries(catalog?.facts ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))

/** Returns the question whose answer is the chart of a fact. What operators write, and ids, are not published. */
function questionAbout(
  name: string,
  fact: Fact,
): [QuestionName, Readonly<Record<string, unknown>>] | undefined {
  if (fact.kind === 'gauge') return ['distribution', { fact: name }]
  if (fact.kind === 'count') return ['totals', { fact: name }]
  return ['metadata', 'uuids', 'map'].includes(fact.type) ? undefined : ['breakdown', { fact: name, top: 12 }]
}
