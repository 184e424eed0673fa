import type { Catalog } from '../../catalog/index.ts'
import { isProductName } from '../../library/telemetry/index.ts'
import { describeValue } from '../../platform/index.ts'
import {
  type Argument,
  COMMON,
  catalogMistakes,
  commandName,
  FILTERS,
  listed,
  QUESTIONS,
  type Question,
  type QuestionName,
} from '../insights/index.ts'
import type { DefinitionOptions, ReportDefinition, ReportProduct, ReportQuestion } from './definition.ts'
import {
  isOrMissing,
  isRecord,
  lineOf,
  linkOf,
  type Path,
  type Refuse,
  refuseUnknown,
  wordsOf,
} from './definition-values.ts'

/** Least and usual numbers of installations of a group that is shown to everybody. */
const [MIN_GROUP, MAX_GROUP, USUAL_GROUP] = [5, 1_000, 20]

const AT_TOP = ['title', 'about', 'link', 'smallestGroup', 'products', 'questions']
const OF_PRODUCT = ['name', 'title', 'catalog']
const OF_QUESTION = ['ask', 'product', 'title', 'decision', 'link', 'before', 'after', 'id']

/** Checks what a definition says. Refuses each mistake, and returns what is left; `undefined` if that is not a definition at all. */
export async function checkedDefinition(
  given: unknown,
  refuse: Refuse,
  loadCatalog: DefinitionOptions['loadCatalog'],
): Promise<ReportDefinition | undefined> {
  if (!isRecord(given)) {
    refuse(
      [],
      `is ${describeValue(given)}; write title, products and questions, as \`otel-usage insights publish --init\` does`,
    )
    return undefined
  }
  refuseUnknown(given, AT_TOP, [], refuse)
  const title = lineOf(given, 'title', [], refuse)
  const about = wordsOf(given, 'about', [], refuse)
  const link = linkOf(given, 'link', [], refuse)
  const smallestGroup = groupOf(given['smallestGroup'], refuse)
  const products = await productsOf(given['products'], refuse, loadCatalog)
  const questions = questionsOf(given['questions'], products, refuse)
  return { title, about, link, smallestGroup, products, questions }
}

function groupOf(given: unknown, refuse: Refuse): number {
  if (given === undefined) return USUAL_GROUP
  if (typeof given === 'number' && Number.isInteger(given) && given >= MIN_GROUP && given <= MAX_GROUP)
    return given
  refuse(
    ['smallestGroup'],
    `is ${describeValue(given)}; use a whole number from ${MIN_GROUP} to ${MAX_GROUP}, or leave it out for ${USUAL_GROUP}`,
  )
  return USUAL_GROUP
}

async function productsOf(
  given: unknown,
  refuse: Refuse,
  loadCatalog: DefinitionOptions['loadCatalog'],
): Promise<ReportProduct[]> {
  if (!Array.isArray(given) || given.length === 0) {
    refuse(['products'], `${isOrMissing(given)}; list the products, such as - name: acme-db`)
    return []
  }
  const products: ReportProduct[] = []
  for (const [index, each] of given.entries()) {
    const path = ['products', index] as const
    if (!isRecord(each)) {
      refuse(path, `is ${describeValue(each)}; write name, title and catalog of the product`)
      continue
    }
    refuseUnknown(each, OF_PRODUCT, path, refuse)
    const name = each['name']
    if (typeof name !== 'string' || !isProductName(name))
      refuse(
        [...path, 'name'],
        `${isOrMissing(name)}; use the name of the product in its reports, such as acme-db`,
      )
    else if (products.some((other) => other.name === name))
      refuse([...path, 'name'], `is '${name}' for the second time; list each product once`)
    products.push({
      name: String(name),
      title: each['title'] === undefined ? String(name) : lineOf(each, 'title', path, refuse),
      catalog: await catalogOf(each['catalog'], [...path, 'catalog'], refuse, loadCatalog),
    })
  }
  return products
}

async function catalogOf(
  given: unknown,
  path: Path,
  refuse: Refuse,
  loadCatalog: DefinitionOptions['loadCatalog'],
): Promise<Catalog | undefined> {
  if (given === undefined) return undefined
  if (typeof given !== 'string' || given === '') {
    refuse(path, `is ${describeValue(given)}; name the file of the catalog, as seen from this one`)
    return undefined
  }
  try {
    return await loadCatalog(given)
  } catch (error) {
    refuse(path, `cannot be used: ${(error as Error).message.replaceAll('\n', ' ')}`)
    return undefined
  }
}

function questionsOf(given: unknown, products: readonly ReportProduct[], refuse: Refuse): ReportQuestion[] {
  if (!Array.isArray(given) || given.length === 0) {
    refuse(['questions'], `${isOrMissing(given)}; list the questions, such as - ask: versions`)
    return []
  }
  const questions: ReportQuestion[] = []
  for (const [index, each] of given.entries()) {
    const question = questionOf(each, ['questions', index], products, refuse)
    if (question === undefined) continue
    const id = question.id ?? freeId(question, questions)
    if (question.id !== undefined && questions.some((other) => other.id === id))
      refuse(['questions', index, 'id'], `is '${id}' for the second time; give each question its own`)
    questions.push({ ...question, id })
  }
  return questions
}

const byCommand = new Map(Object.keys(QUESTIONS).map((name) => [commandName(name), name as QuestionName]))

function questionOf(
  given: unknown,
  path: Path,
  products: readonly ReportProduct[],
  refuse: Refuse,
): (Omit<ReportQuestion, 'id'> & { readonly id: string | undefined }) | undefined {
  if (!isRecord(given)) {
    refuse(path, `is ${describeValue(given)}; write ask, title and decision of the question`)
    return undefined
  }
  const { ask: asked, product: productName, id } = given
  const title = lineOf(given, 'title', path, refuse)
  const decision = lineOf(given, 'decision', path, refuse)
  const words = {
    link: linkOf(given, 'link', path, refuse),
    before: wordsOf(given, 'before', path, refuse),
    after: wordsOf(given, 'after', path, refuse),
  }
  if (id !== undefined && !(typeof id === 'string' && ID.test(id)))
    refuse(
      [...path, 'id'],
      `is ${describeValue(id)}; use lower-case words and digits joined by dashes, such as versions-in-use`,
    )
  const product = productName === undefined ? products[0] : products.find(({ name }) => name === productName)
  if (product === undefined && products.length > 0)
    refuse(
      [...path, 'product'],
      `is ${describeValue(productName)}; use ${listed(products.map(({ name }) => name))}`,
    )
  const ask = byCommand.get(typeof asked === 'string' ? commandName(asked) : '')
  if (ask === undefined) {
    refuse([...path, 'ask'], `${isOrMissing(asked)}; use ${listed([...byCommand.keys()])}`)
    return undefined
  }
  const options = optionsOf(given, ask, product?.catalog, path, refuse)
  if (product === undefined) return undefined
  return { id: id as string | undefined, ask, product, title, decision, ...words, options }
}

/** The parts of the page that are not questions, and the files of facts, have names, too. */
const ID = /^(?!(?:content|data|method|fact-.*)$)[a-z0-9]+(?:-[a-z0-9]+)*$/

/** Reads the arguments and filters of a question by their own rules. */
function optionsOf(
  given: Readonly<Record<string, unknown>>,
  ask: QuestionName,
  catalog: Catalog | undefined,
  path: Path,
  refuse: Refuse,
): Readonly<Record<string, unknown>> {
  const question: Pick<Question, 'arguments' | 'counts'> = QUESTIONS[ask]
  const known: Readonly<Record<string, Argument>> = {
    days: COMMON.days,
    ...(question.counts === 'none' ? {} : FILTERS),
    ...question.arguments,
  }
  refuseUnknown(given, [...OF_QUESTION, ...Object.keys(known)], path, refuse)
  const options: Record<string, unknown> = {}
  for (const [name, argument] of Object.entries(known)) {
    const value = given[name]
    if (value === undefined) {
      if (!('default' in argument)) refuse([...path, name], `is missing. ${argument.description}`)
      continue
    }
    try {
      // A version such as 2.4 is a number in YAML.
      options[name] = argument.read(
        name === 'range' || name === 'versions' || name === 'what' ? String(value) : value,
      )
    } catch (error) {
      refuse([...path, name], (error as Error).message)
    }
  }
  if (catalog !== undefined)
    for (const { path: name, message } of catalogMistakes(ask, options, catalog))
      refuse([...path, name], message)
  return options
}

/** Returns a name for the files of a question: its product, what is asked, and about what. */
function freeId(
  { ask, product, options }: Pick<ReportQuestion, 'ask' | 'product' | 'options'>,
  others: readonly ReportQuestion[],
): string {
  const about = ['fact', 'by', 'what', 'range'].flatMap((name) =>
    options[name] === undefined ? [] : [String(options[name])],
  )
  const id = [product.name, commandName(ask), ...about]
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 80)
    .replace(/-$/, '')
  const inUse = new Set(others.map((other) => other.id))
  for (let number = 1; ; number++) {
    const free = number === 1 ? id : `${id}-${number}`
    if (!inUse.has(free)) return free
  }
}
