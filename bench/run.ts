/**
 * Measures what the library costs, and writes docs/benchmarks.md: `npm run bench`. Figures of one run on one machine:
 * compare the ratios, not the absolutes.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { arch, cpus, platform } from 'node:os'
import path from 'node:path'
import { measureConsent } from './consent.ts'
import { measureCounting } from './counting.ts'
import type { Figure } from './figure.ts'
import { measureReport } from './report.ts'
import { measureStart } from './start.ts'

const root = path.resolve(import.meta.dirname, '..')
execFileSync(process.execPath, ['scripts/build.ts'], { cwd: root, stdio: 'inherit' })

const sections: Array<[title: string, figures: readonly Figure[]]> = [
  ['Import and start', await measureStart()],
  ['Counting', await measureCounting()],
  ['Report', await measureReport()],
  ['Consent', await measureConsent()],
]

const page = [
  '# Benchmarks',
  '',
  `Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}, Node.js ${process.version}, ${platform()} ${arch()}, ` +
    `${cpus().length} × ${cpus()[0]?.model.trim()}. One run on one machine: compare the ratios.`,
  ...sections.flatMap(([title, figures]) => ['', `## ${title}`, '', ...table(figures)]),
  '',
].join('\n')

writeFileSync(path.join(root, 'docs/benchmarks.md'), page)
console.log(page)

function table(figures: readonly Figure[]): string[] {
  return [
    '| what | median | min | max | ratio | budget |',
    '|---|---|---|---|---|---|',
    ...figures.map(
      ({ what, unit, median, min, max, ratio = '', budget = '' }) =>
        `| ${what} | ${[median, min, max].map((value) => `${value.toPrecision(3)} ${unit}`).join(' | ')} | ${ratio} | ${budget} |`,
    ),
  ]
}
