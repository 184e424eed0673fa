import type { Document, Node } from 'yaml'
import { type Mistake, UsageConfigurationError } from '../../platform/index.ts'
import type { DefinitionOptions, ReportDefinition } from './definition.ts'
import { checkedDefinition } from './definition-rules.ts'
import type { Path, Refuse } from './definition-values.ts'

/**
 * Reads a definition, YAML or JSON.
 *
 * @throws {UsageConfigurationError} that lists all mistakes, each with its line and column and with what helps.
 */
export async function readDefinition(
  text: string,
  { file, loadCatalog }: DefinitionOptions,
): Promise<ReportDefinition> {
  // Read when it is needed: it is larger than all of this.
  const { LineCounter, parseDocument } = await import('yaml')
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const mistakes: Mistake[] = []
  const lineOf = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `line ${line}, column ${col}`
  }
  const refuse: Refuse = (path, message) =>
    void mistakes.push({
      path: [lineOf(offsetOf(document, path)), nameOf(path)].filter(Boolean).join(', '),
      message,
    })
  for (const { message, pos } of document.errors)
    mistakes.push({ path: lineOf(pos[0]), message: `${message.replace(/\.$/, '')}; correct the YAML there` })
  if (mistakes.length > 0) throw mistaken(file, mistakes)
  let given: unknown
  try {
    given = document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw mistaken(file, [
      { path: 'line 1, column 1', message: `${(error as Error).message}; use fewer aliases` },
    ])
  }
  const definition = await checkedDefinition(given, refuse, loadCatalog)
  if (mistakes.length > 0 || definition === undefined) throw mistaken(file, mistakes)
  return definition
}

const mistaken = (file: string, mistakes: readonly Mistake[]) =>
  new UsageConfigurationError(`The definition of the community report in '${file}'`, mistakes)

/** Returns where the value of a path begins, or the nearest one that is there. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as Node | undefined
    if (node?.range) return node.range[0]
  }
  return document.contents?.range?.[0] ?? 0
}

const nameOf = (path: Path) =>
  path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('')
