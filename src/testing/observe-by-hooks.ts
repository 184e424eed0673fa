import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { HostNotObservedError, lastWords } from './errors.ts'
import { runHost } from './host-process.ts'
import type { ObservationPlan } from './options.ts'
import { LOADED, type WatchPlan } from './testing-hooks.ts'
import { distinct, type HostAction, type HostObservation } from './types.ts'

/** Runs the host with hooks in Node.js, which `NODE_OPTIONS` brings into it, its threads and its child processes. */
export async function observeByHooks(plan: ObservationPlan): Promise<HostObservation> {
  const preload = path.join(plan.scratch, 'preload.cjs')
  const report = path.join(plan.scratch, 'report.jsonl')
  const { NODE_OPTIONS: given = '' } = plan.environment
  // --require, not --import: it comes before every other module, and threads that run a text have it too.
  const nodeOptions = `--require ${quoted(preload)} ${given}`.trim()
  const watchPlan: WatchPlan = {
    report,
    nodeOptions,
    ...(plan.stateDirectory !== undefined && { stateDirectory: plan.stateDirectory }),
  }
  await writeFile(
    preload,
    `require(${JSON.stringify(hooksFile())}).watchHost(${JSON.stringify(watchPlan)})\n`,
  )
  const run = await runHost(plan, {
    command: plan.command,
    environment: { ...plan.environment, NODE_OPTIONS: nodeOptions },
    stop: (child) => child.kill('SIGTERM'),
  })

  const lines = (await readFile(report, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
  if (!lines.includes(LOADED)) {
    throw new HostNotObservedError(
      `The hooks did not come into the host (${plan.command.join(' ')}): it is not a Node.js process, or does not take ` +
        `NODE_OPTIONS. ${lastWords(run.stderr)}`,
    )
  }
  const actions = lines.filter((line) => line !== LOADED).map((line): HostAction => JSON.parse(line))
  return { tracer: 'node', ...run, actions: distinct(actions) }
}

/** The hooks lie beside this module: as source, or built. */
function hooksFile(): string {
  const here = fileURLToPath(import.meta.url)
  return path.join(path.dirname(here), `testing-hooks${path.extname(here)}`)
}

/** A path as `NODE_OPTIONS` takes it. */
const quoted = (file: string) => `"${file.replaceAll(/["\\]/g, '\\$&')}"`
