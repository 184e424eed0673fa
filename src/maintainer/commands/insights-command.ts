import type { Command } from 'commander'
import { Option } from 'commander'
import {
  type Answer,
  type Arguments,
  type AskedQuery,
  answerCsv,
  COMMON,
  chartSentencesOf,
  commandName,
  createInsights,
  FILTERS,
  type Insights,
  oneLine,
  QUESTIONS,
  type Question,
  type QuestionName,
} from '../insights/index.ts'
import { databaseOf } from '../stack/index.ts'
import { CallError } from './call-error.ts'
import { loadCatalog, namedProduct } from './catalog-product.ts'
import type { CommandContext } from './command-io.ts'
import { addImportCommand } from './import-command.ts'
import { answerText } from './insights-text.ts'
import { showProgress } from './progress.ts'
import { addPublishCommand } from './publish-command.ts'
import { storeUrlOf } from './store-url.ts'
import { writeText } from './text-files.ts'

const VARIABLES = `
Variables:
  CLICKHOUSE_URL              HTTP address of the store, with user and password. Default: the one that
                              gateway up has started in this folder.
  USAGE_CLICKHOUSE_DATABASE   Its database. Default: usage`

/** Adds `otel-usage insights`, with a command for each question. */
export function addInsightsCommand(program: Command, context: CommandContext): void {
  const insights = program
    .command('insights')
    .description('Ask the store who uses the product, and how.')
    .addHelpText('afterAll', VARIABLES)
  for (const [name, question] of Object.entries(QUESTIONS) as [QuestionName, Question][]) {
    const command = insights.command(commandName(name)).description(question.description)
    const positional = question.positional ?? []
    for (const each of positional) command.argument(`<${each}>`, question.arguments[each]?.description)
    addOptions(command, 'Of the question:', question.arguments, positional)
    addOptions(command, 'Of every question:', {
      ...COMMON,
      days: { ...COMMON.days, description: `Length of the period in days. Default: ${question.days}` },
    })
    if (question.counts !== 'none') addOptions(command, 'Who is counted:', FILTERS)
    command
      .optionsGroup('The answer:')
      .addOption(
        new Option('--json', 'Print it as JSON, with all that has to be known to read it.').conflicts([
          'csv',
          'sql',
          'chart',
        ]),
      )
      .addOption(new Option('--csv', 'Print its rows as CSV.').conflicts(['json', 'sql', 'chart']))
      .addOption(
        new Option('--sql', 'Print the queries and their parameters, without an answer.').conflicts([
          'json',
          'csv',
          'chart',
        ]),
      )
      .option('--chart <file>', 'Write a chart of it as SVG, and print the table.')
      .option(
        '--smallest-group <number>',
        'Number of installations below which a group is not shown; numbers are rounded down to a multiple of it. 1 shows all of them as they are. Default: 5',
        Number,
      )
      .option(
        '--catalog <file>',
        "The product's catalog, to name what is rounded and to estimate what is randomized.",
      )
      .action(async (...given: unknown[]) => {
        const options = given[positional.length] as AnswerOptions & Record<string, unknown>
        const asked = Object.fromEntries([
          ...Object.entries(options).filter(([key]) => !ANSWER_OPTIONS.has(key)),
          ...positional.map((key, index) => [key, given[index]]),
        ])
        await answer(name, asked, options, context)
      })
  }
  addImportCommand(insights, context)
  addPublishCommand(insights, context)
}

interface AnswerOptions {
  readonly json?: true
  readonly csv?: true
  readonly sql?: true
  readonly chart?: string
  readonly smallestGroup?: number
  readonly catalog?: string
}

const ANSWER_OPTIONS = new Set(['json', 'csv', 'sql', 'chart', 'smallestGroup', 'catalog'])

/** Adds an option for each argument, by its description. */
function addOptions(command: Command, group: string, args: Arguments, without: readonly string[] = []): void {
  const named = Object.entries(args).filter(([name]) => !without.includes(name))
  if (named.length === 0) return
  command.optionsGroup(group)
  for (const [name, { description, value, default: usual }] of named) {
    const flags = `--${commandName(name)} <${value}>`
    if (Array.isArray(usual) && name === 'where') {
      command.option(flags, description, (text: string, all: readonly string[] = []) => [...all, text])
    } else {
      command.option(flags, description)
    }
  }
}

async function answer(
  name: QuestionName,
  asked: Readonly<Record<string, unknown>>,
  { json, csv, sql, chart, smallestGroup, catalog }: AnswerOptions,
  context: CommandContext,
): Promise<void> {
  const { environment, stderr, plain } = context
  if (asked['product'] === undefined)
    throw new CallError(
      '--product is missing; use the name of the product in its reports, such as --product acme-db, or the file of its description.',
    )
  const product = await namedProduct(String(asked['product']))
  const url = await storeUrlOf(environment)
  const queries: AskedQuery[] = []
  const insights = createInsights({
    ...{ url, database: databaseOf(environment), smallestGroup },
    catalog: catalog === undefined ? product.catalog : await loadCatalog('--catalog', catalog),
    onQuery: (query) => queries.push(query),
  })
  const { stop: stopProgress } = showProgress(stderr)
  let found: Answer
  try {
    found = await (insights[name] as (options: object) => ReturnType<Insights['active']>)({
      ...asked,
      product: product.name,
    })
  } finally {
    stopProgress()
    await insights.close()
  }
  if (chart !== undefined) writeText('--chart', chart, await chartOf(found))
  if (sql) plain.write(`${SQL_IS_RAW}${queries.map(queryText).join('\n')}`)
  else if (json) plain.write(`${answerJson(found)}\n`)
  else if (csv) plain.write(answerCsv(found, QUESTIONS[name].columns))
  else plain.write(answerText(found, QUESTIONS[name].columns))
}

/** Returns the chart of an answer. The library that draws it is loaded for it only. */
async function chartOf(found: Answer): Promise<string> {
  const { chartSvg } = await import('../charts/index.ts')
  const { product, question } = found
  const { positional = [] }: { readonly positional?: readonly string[] } = QUESTIONS[question as QuestionName]
  const about = positional.map((name) => ` ${oneLine(String(found.arguments[name]))}`).join('')
  return chartSvg(found, {
    title: `${product}: ${commandName(question)}${about}`,
    description: chartSentencesOf(found),
  })
}

/** JSON leaves the control characters from U+007F to U+009F as they are, and a terminal may obey them. */
const answerJson = (found: Answer) =>
  JSON.stringify(found, undefined, 2).replaceAll(
    /[\u007f-\u009f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  )

const SQL_IS_RAW =
  '-- For who may read the tables: parameters can name values of few installations, and numbers are shown as they are.\n'

/** A query as clickhouse-client takes it: parameters first. */
const queryText = ({ sql, parameters }: AskedQuery) =>
  [
    ...Object.entries(parameters).map(([name, value]) => `SET param_${name} = ${literal(value)};`),
    `${sql.trim()};\n`,
  ].join('\n')

/** A value of a parameter is read twice: as a literal, and then, where it is not a list, as a text with further escapes. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return quoted(`[${value.map((each) => quoted(String(each))).join(', ')}]`)
  return quoted(String(value).replaceAll(/[\\\t\n\r\0]/g, (each) => `\\${ESCAPES[each] ?? each}`))
}

const ESCAPES: Readonly<Record<string, string>> = { '\t': 't', '\n': 'n', '\r': 'r', '\0': '0' }

const quoted = (text: string) =>
  `'${text
    .replaceAll(/[\\']/g, '\\$&')
    .replaceAll(/\p{Cc}/gu, (each) =>
      [...Buffer.from(each)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
    )}'`
