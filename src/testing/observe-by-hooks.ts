import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { endOfStandardError, HostNotObservedError } from './errors.ts'
import { runHost } from './host-process.ts'
import type { ObservationPlan } from './options.ts'
import { LOADED, type WatchPlan } from './testing-hooks.ts'
import { distinct, type HostAction, type HostObservation } from './types.ts'

/** Runs the host with hooks in Node.js. `NODE_OPTIONS` loads the hooks into the host, its threads and its child processes. */
export async function observeByHooks(plan: ObservationPlan): Promise<HostObservation> {
  const preload = path.join(plan.scratch, 'preload.cjs')
  const report = path.join(plan.scratch, 'report.jsonl')
  const { NODE_OPTIONS: given = '' } = plan.environment
  // --require, not --import: the module is loaded before every other one, and also in threads that evaluate a text.
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
        `NODE_OPTIONS. ${endOfStandardError(run.stderr)}`,
    )
  }
  const actions = lines.filter((line) => line !== LOADED).map((line): HostAction => JSON.parse(line))
  return { tracer: 'node', ...run, actions: distinct(actions) }
}

/** Returns the path of the hooks: a file beside this module, as source or built. */
function hooksFile(): string {
  const here = fileURLToPath(import.meta.url)
  return path.join(path.dirname(here), `testing-hooks${path.extname(here)}`)
}

/** Quotes a path for `NODE_OPTIONS`. */
const quoted = (file: string) => `"${file.replaceAll(/["\\]/g, '\\$&')}"`
