/** A reporter for Stryker that prints each mutant that no test has killed as soon as that is known: a run may be stopped, and often is. */
import { readFileSync } from 'node:fs'
import path from 'node:path'

interface Position {
  readonly line: number
  readonly column: number
}

interface TestedMutant {
  readonly fileName: string
  readonly mutatorName: string
  readonly replacement?: string
  readonly status: string
  readonly location: { readonly start: Position; readonly end: Position }
}

class Reporter {
  /** Files as they are tested: they may be changed while the mutants run. */
  readonly #sources = new Map<string, string>()

  onMutationTestingPlanReady({
    mutantPlans,
  }: {
    readonly mutantPlans: ReadonlyArray<{ readonly mutant: { readonly fileName: string } }>
  }) {
    for (const name of new Set(mutantPlans.map(({ mutant }) => mutant.fileName)))
      this.#sources.set(name, readFileSync(name, 'utf8'))
  }

  onMutantTested({ fileName, mutatorName, replacement = '', status, location }: TestedMutant) {
    if (status === 'Killed' || status === 'Ignored') return
    const { start, end } = location
    const lines = (this.#sources.get(fileName) ?? '').split('\n').slice(start.line - 1, end.line)
    const last = lines.length - 1
    if (lines[last] !== undefined) lines[last] = lines[last].slice(0, end.column - 1)
    if (lines[0] !== undefined) lines[0] = lines[0].slice(start.column - 1)
    const inOneLine = (text: string) => text.replaceAll(/\s+/g, ' ').slice(0, 160)
    const position = `${path.relative('', fileName)}:${start.line}:${start.column}`
    console.log(
      `${status} ${mutatorName} ${position}\n  - ${inOneLine(lines.join(' '))}\n  + ${inOneLine(replacement)}`,
    )
  }
}

export const strykerPlugins = [{ kind: 'Reporter', name: 'as-found', injectableClass: Reporter }]
