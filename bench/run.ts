/**
 * Measures the cost of the library and of its alternatives. `npm run bench` writes docs/records/benchmarks.md; `npm run bench -- start` (or
 * another section) measures only that section, and updates it on the page. `npm run bench -- gateway` measures the receiver, needs a
 * quarter of an hour, Go and ClickHouse, and updates its section of the page; so does `npm run bench -- insights`, or `insights 10` for 10
 * million installations, whose data stays for further runs on that day with `insights 10 <directory>`. The figures are of one run on one machine: compare ratios, not absolute numbers.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { arch, cpus, platform } from 'node:os'
import path from 'node:path'
import { installPeers } from './peers.ts'

const SECTIONS = {
  install: ['Installation', async () => (await import('./install.ts')).measureInstall()],
  start: ['Import and start', async () => (await import('./start.ts')).measureStart()],
  calls: ['Calls', async () => (await import('./calls.ts')).measureCalls()],
  report: ['Report', async () => (await import('./report.ts')).measureReport()],
  exit: ['Exit', async () => (await import('./exit.ts')).measureExit()],
  lost: ['Lost updates', async () => (await import('./lost.ts')).measureLost()],
  disk: ['Disk', async () => (await import('./disk.ts')).measureDisk()],
  version: ['Version checks', async () => (await import('./version.ts')).measureVersion()],
  consent: ['Consent', async () => (await import('./consent.ts')).measureConsent()],
  admin: ['Admin handler', async () => (await import('./admin.ts')).measureAdmin()],
} as const satisfies Record<string, readonly [title: string, measure: () => Promise<string[]>]>

/** Last sections of the page: they have separate runs, and stay when the rest is updated. */
const GATEWAY = '## The gateway'
const INSIGHTS = '## Insights'

const root = path.resolve(import.meta.dirname, '..')
const file = path.join(root, 'docs/records/benchmarks.md')
const names = Object.keys(SECTIONS) as Array<keyof typeof SECTIONS>
const wanted = process.argv.slice(2)
const gateway = wanted.join() === 'gateway'
const insights = wanted[0] === 'insights'
const unknown = wanted.find((name) => !names.includes(name as never))
if (unknown !== undefined && !gateway && !insights) {
  console.error(
    `There is no section '${unknown}'; use ${names.join(', ')}, or none for all of these; or gateway or insights alone.`,
  )
  process.exit(2)
}

execFileSync(process.execPath, ['scripts/build.ts'], { cwd: root, stdio: 'inherit' })
const started = performance.now()
if (gateway) {
  const measured = await (await import('./gateway.ts')).measureGateway()
  const section = sectionOf(GATEWAY, measured)
  const { before, last } = onPage()
  const at = last.indexOf(GATEWAY)
  writeFileSync(file, `${before}${at < 0 ? last : last.slice(0, at)}${section}`)
  console.log(section)
} else if (insights) {
  const millions = Number(wanted[1] ?? 1)
  const measured = await (await import('./insights.ts')).measureInsights(millions, wanted[2])
  const heading = millions === 1 ? INSIGHTS : `${INSIGHTS}, ${millions} million installations`
  const { before, last } = onPage()
  const others = last
    .split(/^(?=## )/m)
    .filter((section) => !section.startsWith(`${heading}\n`) && section !== '')
  const sections = [...others, `${sectionOf(heading, measured)}\n`].sort(
    (one, other) => Number(one.startsWith(GATEWAY)) - Number(other.startsWith(GATEWAY)),
  )
  writeFileSync(file, [before, ...sections].join('').trimEnd().concat('\n'))
  console.log(measured.join('\n'))
} else {
  installPeers()
  const parts: string[] = []
  for (const name of names.filter((name) => wanted.length === 0 || wanted.includes(name))) {
    const [title, measure] = SECTIONS[name]
    console.error(`Measuring: ${title.toLowerCase()}.`)
    const measured = await measure()
    parts.push('', `## ${title}`, '', ...measured)
    if (wanted.length === 1) updateSection(`## ${title}`, measured)
  }
  const page = [
    '# Benchmarks',
    '',
    `${writtenBy('npm run bench')}. Medians of at least nine fresh processes that take turns, with the range from the best to the worst. ` +
      'One run on one machine: compare the ratios.',
    ...parts,
    '',
  ].join('\n')
  if (wanted.length === 0) writeFileSync(file, `${page}\n${onPage().last}`.trimEnd().concat('\n'))
  console.log(page)
}
process.exit()

/** Replaces a section of the page by one that was measured alone. */
function updateSection(heading: string, measured: readonly string[]): void {
  const text = readFileSync(file, 'utf8')
  const start = text.indexOf(`${heading}\n`)
  if (start < 0) return
  const next = text.indexOf('\n## ', start)
  writeFileSync(
    file,
    `${text.slice(0, start)}${sectionOf(heading, measured)}${next < 0 ? '' : text.slice(next)}`,
  )
}

/** Returns a section that was measured alone. */
function sectionOf(heading: string, measured: readonly string[]): string {
  return [
    heading,
    '',
    `${writtenBy(`npm run bench -- ${wanted.slice(0, 2).join(' ')}`)}.`,
    '',
    ...measured,
    '',
  ].join('\n')
}

function writtenBy(command: string): string {
  return (
    `Written by \`${command}\` on ${new Date().toISOString().slice(0, 10)}, Node.js ${process.version}, ${platform()} ${arch()}, ` +
    `${cpus().length} × ${cpus()[0]?.model.trim()}, in ${Math.round((performance.now() - started) / 1000)} s`
  )
}

/** Returns the page in two parts: up to the sections with separate runs, and from there. */
function onPage(): { before: string; last: string } {
  const text = readFileSync(file, 'utf8')
  const at = text.search(new RegExp(`^(?:${INSIGHTS}|${GATEWAY})`, 'm'))
  return at < 0 ? { before: `${text}\n`, last: '' } : { before: text.slice(0, at), last: text.slice(at) }
}
