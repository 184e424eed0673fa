/**
 * The fault matrix: `npm run test:faults` plays every fault 100 times and writes docs/records/reliability.md. Takes an hour or two on two
 * cores.
 *
 *   --runs N          number of runs of each fault
 *   --fault NAME      only faults whose name begins with this; can be repeated. Writes no page
 *   --seed N          only the run with this seed, which docs/records/reliability.md or a failed test names. Writes no page
 *   --jobs N          number of runs at a time; default: three for each core
 *   --log FILE        file for the log of the hosts
 *   --endurance 10m   instead of the faults: kills hosts at random for this time, while the endpoint misbehaves, with the real Collector.
 *                     From ten minutes on, the result goes to the page
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { parseDuration } from '../src/platform/index.ts'
import { faults } from '../test/faults/matrix/index.ts'
import { reliabilityPage, withEndurance } from '../test/faults/page.ts'
import { playAll, wrongs } from '../test/faults/run.ts'
import { isGood } from '../test/faults/stage.ts'

const root = path.resolve(import.meta.dirname, '..')
const PAGE = path.join(root, 'docs/records/reliability.md')
const MUTANTS = path.join(root, 'docs/records/mutants.md')
const page = () => (existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '')
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const TEN_MINUTES = 600_000
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    fault: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string' },
    jobs: { type: 'string', default: String(3 * availableParallelism()) },
    log: { type: 'string' },
    endurance: { type: 'string' },
  },
})

const good = values.endurance === undefined ? await playMatrix() : await playEndurance(values.endurance)
process.exit(good ? 0 : 1)

async function playMatrix(): Promise<boolean> {
  const began = performance.now()
  const chosen = faults.filter(
    ({ name }) => values.fault.length === 0 || values.fault.some((start) => name.startsWith(start)),
  )
  if (chosen.length === 0) {
    console.error(
      `There is no fault '${values.fault}'; there are ${faults.map(({ name }) => name).join(', ')}.`,
    )
    return false
  }
  const seeds =
    values.seed === undefined
      ? Array.from({ length: Number(values.runs) }, (_, seed) => seed)
      : [Number(values.seed)]
  let done = 0
  const played = await playAll({
    ...{ faults: chosen, seeds, jobs: Number(values.jobs), log: values.log },
    onRun({ name }, result) {
      done++
      if (!isGood(result)) console.error(`✖ ${name}, seed ${result.seed}: ${wrongs(result).join('; ')}`)
      if (done % 100 === 0) console.error(`${done} of ${chosen.length * seeds.length} runs`)
    },
  })
  for (const { fault, skipped } of played) if (skipped) console.error(`${fault.name} not played: ${skipped}`)
  const runs = played.flatMap((one) => one.runs)
  const bad = runs.filter((run) => !isGood(run)).length
  const took = performance.now() - began
  console.log(
    `${played.length} faults, ${runs.length} runs in ${Math.round(took / 1_000)} s, ${bad} of them bad`,
  )
  if (values.seed === undefined && values.fault.length === 0) {
    const command = `npm run test:faults${values.runs === '100' ? '' : ` -- --runs ${values.runs}`}`
    writeFileSync(
      PAGE,
      reliabilityPage({
        played,
        command,
        version,
        at: new Date(),
        took,
        before: page(),
        mutants: readFileSync(MUTANTS, 'utf8'),
      }),
    )
  }
  return bad === 0 && runs.length > 0
}

async function playEndurance(text: string): Promise<boolean> {
  const duration = parseDuration(text)
  if (duration === undefined) {
    console.error(`'${text}' is not a time span; use 90s or 10m.`)
    return false
  }
  const { endure, tellEndurance } = await import('../test/faults/endurance.ts')
  const result = await endure({ duration, killCollectorEvery: 45_000, say: (line) => console.error(line) })
  console.log(tellEndurance(result))
  if (duration >= TEN_MINUTES) {
    const how = `\`npm run test:faults -- --endurance ${text}\` on ${new Date().toISOString().slice(0, 10)}, otel-usage ${version}, Node.js ${process.version}.`
    writeFileSync(PAGE, withEndurance(page(), `${how} ${tellEndurance(result)}`))
  }
  for (const what of [...result.crashes, ...result.unhandled]) console.error(`✖ ${what}`)
  const { lost, doubled, torn, crashes, unhandled, isWaiting } = result
  return lost + doubled + torn + crashes.length + unhandled.length === 0 && !isWaiting
}
