/** Describes what the package exports, so that each change of it shows in a diff. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'

/** Required, not imported: the types of the project need not be checked against a second TypeScript, which this package brings. */
const { CompilerState, Extractor, ExtractorConfig } = createRequire(import.meta.url)(
  '@microsoft/api-extractor',
)

/** What is used of a message of API Extractor. */
interface Message {
  readonly messageId: string
  readonly category: string
  readonly text: string
  readonly sourceFilePath?: string
  readonly sourceFileLine?: number
  readonly logLevel: string
  handled: boolean
}

/** Globals of Node.js under the names that src/platform gives them; `_2` is by API Extractor. */
const GLOBALS = new Set(['Date_2', 'URL_2'])

/** The door whose types the other doors need not export once more. */
const MAIN = 'index'

/**
 * Returns for each door of the package the page of what it exports, by the page's path. The pages are made of the declarations in
 * `dist`, as a user of the package gets them.
 *
 * @throws Error where a door shows a type that neither it nor `otel-usage` exports: a user could not name that type.
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
    // One for all doors: reading the declarations is most of the work.
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

/** The type that a door shows and does not export; empty where the message is about something else. */
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
  const place = sourceFilePath ? `${path.relative(root, sourceFilePath)}:${sourceFileLine}` : 'API Extractor'
  const name = forgottenIn(message)
  return name
    ? `${place} shows the type ${name}, which no user can name: export it from src/index.ts or from the door, then npm run docs`
    : `${place}: ${text}`
}
