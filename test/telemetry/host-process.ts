import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Verdict } from '../../src/index.ts'
import { bareEnvironment } from '../support/bare-environment.ts'

const run = promisify(execFile)

export interface HostVerdict extends Pick<Verdict, 'state' | 'source' | 'because' | 'locked' | 'warnings'> {
  /** The packages that were loaded. */
  readonly loaded: readonly string[]
}

export const VERDICT_HOST = path.join(import.meta.dirname, 'hosts/verdict.ts')

/** What a host in a process of its own comes to, with this environment and no other. */
export async function verdictOf(
  state: string,
  options: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string>>,
): Promise<HostVerdict> {
  const { stdout } = await run(process.execPath, [VERDICT_HOST, JSON.stringify({ state, ...options })], {
    env: { ...bareEnvironment(), ...environment },
  })
  return JSON.parse(stdout)
}
