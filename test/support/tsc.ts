import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

const program = path.resolve(import.meta.dirname, '../../node_modules/typescript/bin/tsc')

/**
 * Runs the TypeScript compiler, and returns what it prints: nothing, or its complaints. On one processor and without garbage collection,
 * which takes half of the processor time: other tests run beside it, and the program is small.
 */
export async function tsc(args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, GOGC: 'off' }
  return promisify(execFile)(process.execPath, [program, '--singleThreaded', '--pretty', 'false', ...args], {
    cwd,
    env,
  }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string; stderr: string }) => error.stdout || error.stderr || String(error),
  )
}
