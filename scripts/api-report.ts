/** Describes what the package exports, so that each change of it shows in a diff. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'

/** Loaded by `require`, so that the type check of the project leaves out the second TypeScript in this package. */
const { CompilerState, Extractor, ExtractorConfig } = createRequire(import.meta.url)(
  '@microsoft/api-extractor',
)

/** The part of a message of API Extractor that is used here. */
interface Message {
  readonly messageId: string
  readonly category: string
  readonly text: string
  readonly sourceFilePath?: string
  readonly sourceFileLine?: number
  readonly logLevel: string
  handled: boolean
}

/** Globals of Node.js under their names in src/platform; API Extractor adds `_2`. */
const GLOBALS = new Set(['Date_2', 'URL_2'])

/** Door whose types the other doors need not export again. */
const MAIN = 'index'

/**
 * Returns the report of each door's public API, by the path of its page. Reads the declarations in `dist`, as a user of the package gets
 * them.
 *
 * @throws {Error} if a signature of a door has a type that neither the door nor `otel-usage` exports: a user could not name that type.
 */
export function apiReports(root: string): Record<string, string> {
  const { exports } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  const files = Object.values<{ readonly import?: { readonly types: string } }>(exports)
    .flatMap((door) => door.import?.types ?? [])
    .map((types) => path.join(root, types))
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'otel-usage-api-'))
  try {
    const problems: Message[] = []
    const pages: Record<string, string> = {}
    // Shared by all doors: reading the declarations is most of the work.
    let compilerState: unknown
    for (const file of files) {
      const page = `${path.basename(file, '.d.ts')}.api.md`
      const config = configOf(root, file, page, scratch)
      compilerState ??= CompilerState.create(config, { additionalEntryPoints: files })
      Extractor.invoke(config, {
        compilerState,
        localBuild: true,
        messageCallback(message: Message) {
          message.handled = true
          if (message.category !== 'console' && message.logLevel !== 'none') problems.push(message)
        },
      })
      pages[`docs/records/api/${page}`] = readFileSync(path.join(scratch, page), 'utf8')
    }
    const nameable = exportedBy(pages[`docs/records/api/${MAIN}.api.md`] ?? '')
    const open = problems.filter((one) => !nameable.has(forgottenIn(one)) && !GLOBALS.has(forgottenIn(one)))
    if (open.length > 0) throw new Error(open.map((one) => describe(root, one)).join('\n'))
    return pages
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

function configOf(root: string, door: string, page: string, folder: string): unknown {
  const off = { logLevel: 'none' }
  return ExtractorConfig.prepare({
    packageJsonFullPath: path.join(root, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: door,
      newlineKind: 'lf',
      compiler: { tsconfigFilePath: path.join(root, 'tsconfig.json') },
      apiReport: {
        enabled: true,
        reportFileName: page,
        reportFolder: folder,
        reportTempFolder: path.join(folder, 'new'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: 'warning' } },
        tsdocMessageReporting: { default: off },
        extractorMessageReporting: {
          default: { logLevel: 'warning' },
          'ae-missing-release-tag': off,
          'ae-undocumented': off,
          'ae-unresolved-link': off,
        },
      },
    },
  })
}

/** Returns the type that a door uses without exporting it; empty if the message is about something else. */
const forgottenIn = ({ messageId, text }: Message): string =>
  (messageId === 'ae-forgotten-export' && /"(.+?)"/.exec(text)?.[1]) || ''

const exportedBy = (page: string): ReadonlySet<string> =>
  new Set(
    [...page.matchAll(/^export (?:abstract class|class|enum|interface|type) (\w+)/gm)].map(
      ([, name = '']) => name,
    ),
  )

function describe(root: string, message: Message): string {
  const { text, sourceFilePath, sourceFileLine } = message
  const location = sourceFilePath
    ? `${path.relative(root, sourceFilePath)}:${sourceFileLine}`
    : 'API Extractor'
  const name = forgottenIn(message)
  return name
    ? `${location} shows the type ${name}, which no user can name: export it from src/index.ts or from the door, then npm run docs`
    : `${location}: ${text}`
}
