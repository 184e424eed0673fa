import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { isLine, isProductName, variablePrefix } from '../../library/telemetry/index.ts'
import { readEndpoint } from '../../platform/index.ts'
import { errorMessage, GatewayError } from '../package/index.ts'
import { CallError } from './call-error.ts'
import type { CommandContext } from './command-io.ts'
import { type FirstFilesOptions, firstFiles } from './first-files.ts'

interface InitOptions {
  readonly directory: string
  readonly title?: string
  readonly endpoint: string
  readonly typescript?: true
}

/** Adds `otel-usage init`. */
export function addInitCommand(program: Command, context: CommandContext): void {
  program
    .command('init')
    .description(
      "Write the first files of a product's telemetry: its catalog, its description, its telemetry, and a test that off is off.",
    )
    .argument('<name>', "The product's name: lower-case words joined by dashes, such as acme-db.")
    .optionsGroup('Options:')
    .option('--directory <path>', 'Where the command writes. Existing files are never replaced.', 'telemetry')
    .option('--title <title>', 'The product as people call it. Default: its name in capitals, Acme Db.')
    .option('--endpoint <address>', 'The address of your gateway.', 'https://usage.example.com')
    .option('--typescript', 'Write TypeScript. Default: JavaScript.')
    .action((name: string, options: InitOptions) => writeFirstFiles(name, options, context))
}

function writeFirstFiles(name: string, options: InitOptions, { stdout }: CommandContext): void {
  const { directory, endpoint, title = titleOf(name) } = options
  if (!isProductName(name))
    throw new CallError(
      `'${name}' cannot be the name of a product; use lower-case words joined by dashes, such as acme-db.`,
    )
  if (!isLine(title))
    throw new CallError('--title is not a text of one line; give the product as people call it.')
  const { problem } = readEndpoint(endpoint)
  if (problem !== undefined) throw new CallError(`--endpoint: '${endpoint}' ${problem}.`)
  const manifest = manifestAbove(directory)
  const files = firstFiles({
    ...{ name, title, endpoint },
    prefix: variablePrefix({ name }),
    ending: endingOf(options, manifest),
    manifest: manifest && relativePath(directory, manifest.file),
  } satisfies FirstFilesOptions)
  const targets = Object.entries(files).map(([file, content]) => ({
    file: path.join(directory, file),
    content,
  }))
  const existing = targets.filter(({ file }) => existsSync(file))
  if (existing.length > 0) {
    throw new CallError(
      `${existing.map(({ file }) => `'${file}'`).join(', ')} ${existing.length === 1 ? 'exists' : 'exist'} already. Nothing was written; choose another --directory.`,
    )
  }
  try {
    mkdirSync(directory, { recursive: true })
    // Never replaces a file that was created meanwhile.
    for (const { file, content } of targets) writeFileSync(file, content, { flag: 'wx' })
  } catch (error) {
    throw new GatewayError(`The files could not be written into '${directory}': ${errorMessage(error)}.`, {
      cause: error,
    })
  }
  const [, product = ''] = Object.keys(files)
  stdout.write(`${targets.map(({ file }) => `wrote ${file}`).join('\n')}
Next: put your own words into ${product}, and write the page with:
  npx otel-usage catalog docs --product ${path.join(directory, product)} --out TELEMETRY.md
`)
}

const titleOf = (name: string): string =>
  name
    .split('-')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join(' ')

/** Returns the path of a file as a module in the directory names it. */
function relativePath(directory: string, file: string): string {
  const seen = path.relative(directory, file).replaceAll(path.sep, '/')
  return seen.startsWith('.') ? seen : `./${seen}`
}

/** The package.json that the files belong to. */
interface Manifest {
  readonly file: string
  readonly type: unknown
}

/** Returns the nearest package.json above the directory, if there is one and it has a version. */
function manifestAbove(directory: string): Manifest | undefined {
  let folder = path.resolve(directory)
  for (;;) {
    const file = path.join(folder, 'package.json')
    if (existsSync(file)) {
      const { version, type } = fieldsOf(file)
      return version === undefined ? undefined : { file, type }
    }
    const above = path.dirname(folder)
    if (above === folder) return undefined
    folder = above
  }
}

/** Returns `mjs` where Node.js would take `js` for CommonJS. */
function endingOf({ typescript }: InitOptions, manifest: Manifest | undefined): string {
  if (typescript) return 'ts'
  return manifest?.type === 'module' ? 'js' : 'mjs'
}

function fieldsOf(file: string): { readonly version?: unknown; readonly type?: unknown } {
  try {
    return Object(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    // A package.json that cannot be read is npm's to complain about.
    return {}
  }
}
