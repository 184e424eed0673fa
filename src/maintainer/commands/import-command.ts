import type { Command } from 'commander'
import { type ImportProgress, type ImportSummary, importReports } from '../insights/index.ts'
import { visible } from '../publish/index.ts'
import { databaseOf } from '../stack/index.ts'
import { CallError } from './call-error.ts'
import { addProductOptions, describedProduct, type ProductOptions } from './catalog-product.ts'
import type { CommandContext } from './command-io.ts'
import { storeUrlOf } from './store-url.ts'

const HELP = `
What is refused is listed with its location, the rest is imported, and the exit code is 1. Reports of installations
that asked to be forgotten are left out, and do not change the exit code.`

interface ImportCommandOptions extends ProductOptions {
  readonly archive?: true
  readonly dryRun?: true
  readonly json?: true
}

/** Adds `otel-usage insights import`. */
export function addImportCommand(insights: Command, context: CommandContext): void {
  const command = insights
    .command('import')
    .description(
      'Bring reports from files into the store: exports of closed networks, or the archive of a gateway.',
    )
    .argument('<file...>', 'Files, and folders of .json and .jsonl files; also packed with gzip or zstd.')
  addProductOptions(command)
    .optionsGroup('Options:')
    .option(
      '--archive',
      'The files are an archive: the countries and networks that a gateway has found out stay.',
    )
    .option('--dry-run', 'Check everything, and write nothing.')
    .option('--json', 'Print what became of it as JSON.')
    .addHelpText('after', HELP)
    .action(async (paths: readonly string[], { archive, dryRun, json, ...product }: ImportCommandOptions) => {
      const { environment, plain, stderr } = context
      const url = await storeUrlOf(environment)
      const { name, catalog, additional } = await describedProduct(product)
      const progress = showProgress(stderr)
      const summary = await importReports({
        ...{ url, database: databaseOf(environment), paths, archive, dryRun },
        ...{ products: [{ name, catalog }, ...additional], onProgress: progress.show },
      }).finally(progress.end)
      if (summary.files === 0) throw new CallError('No file was named; name the files to import.')
      plain.write(json ? `${JSON.stringify(summary, undefined, 2)}\n` : summaryText(summary))
      if (summary.refused > 0) context.exitCode = 1
    })
}

/** Says on standard error how far an import is: at a terminal in one line, elsewhere in a line every ten seconds. */
function showProgress(stderr: CommandContext['stderr']) {
  const interval = stderr.isTTY === true ? 200 : 10_000
  let [shown, isShown] = [performance.now(), false]
  return {
    show({ step, file, read, size, reports }: ImportProgress) {
      if (performance.now() - shown < interval) return
      ;[shown, isShown] = [performance.now(), true]
      const share = size > 0 ? Math.floor((100 * read) / size) : 100
      const doing =
        step === 'requests' ? 'Looking for requests to be forgotten' : `Importing, ${reports} reports so far`
      const line = `${doing}: ${share} %, ${file}`
      stderr.write(stderr.isTTY === true ? `\r\u001b[K${line.slice(0, 100)}` : `${line}\n`)
    },
    end() {
      if (isShown && stderr.isTTY === true) stderr.write('\r\u001b[K')
    },
  }
}

const counted = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`

function summaryText(summary: ImportSummary): string {
  const { dryRun, imported, requests, forgotten, removed, refused, refusals, files, from, until } = summary
  const lines = [
    `${counted(imported, 'report')}${from === null ? '' : ` of ${from} to ${until}`}, ${counted(requests, 'request')} to be forgotten, from ${counted(files, 'file')}.`,
    ...(forgotten > 0
      ? [`${counted(forgotten, 'report')} left out: their installations asked to be forgotten.`]
      : []),
    ...(removed > 0 ? [`${counted(removed, 'value')} removed that no catalog declares.`] : []),
    ...(refused > 0 ? ['', `${counted(refused, 'part')} refused:`] : []),
    ...refusals.map(
      ({ file, location, reason }) =>
        `  ${shown(file)}${location === null ? '' : `, ${location}`}: ${shown(reason)}`,
    ),
    ...(refused > refusals.length ? [`  and ${refused - refusals.length} more`] : []),
    ...(refused > 0 ? [''] : []),
    dryRun
      ? 'Nothing was written: this was a dry run.'
      : 'The answers have them after the next `otel-usage gateway maintain`.',
  ]
  return `${lines.join('\n')}\n`
}

/** Returns a text of somebody else without what could drive a terminal. */
const shown = (text: string) => visible(text).slice(0, 300)
