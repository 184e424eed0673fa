import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { systemEnvironment } from '../platform/index.ts'

/** A working strace, as the start of a command line; or the reason why strace does not work, as the end of a sentence. */
export type FoundStrace = { readonly command: readonly string[] } | { readonly problem: string }

/** Options to follow threads and child processes. */
const FOLLOW = ['-f', '-qq']
/** Option that makes tracing faster, if the kernel and strace support it. */
const QUICKLY = '--seccomp-bpf'

/**
 * Resolves to the reason why strace cannot trace hosts on this machine, as the end of a sentence; to `undefined` when strace works. For a
 * test that is skipped with the reason.
 */
export async function straceProblem(): Promise<string | undefined> {
  const found = await findStrace()
  return 'problem' in found ? found.problem : undefined
}

/** Finds strace and tries it, because a container may forbid tracing. */
export async function findStrace(): Promise<FoundStrace> {
  if (process.platform !== 'linux') return { problem: 'strace is for Linux' }
  const file = onPath('strace')
  if (file === undefined) return { problem: 'strace is not installed' }
  const quick = [file, ...FOLLOW, QUICKLY]
  if ((await attempt(quick, file)) === undefined) return { command: quick }
  const plain = [file, ...FOLLOW]
  const problem = await attempt(plain, file)
  return problem === undefined ? { command: plain } : { problem: `strace may not trace (${problem})` }
}

function onPath(name: string): string | undefined {
  const { PATH = '' } = systemEnvironment()
  return PATH.split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, name))
    .find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Traces `strace --version` as a trial. Resolves to the first line of the error output, or to `undefined` on success. */
function attempt([file = '', ...args]: readonly string[], traced: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(file, [...args, '-e', 'trace=execve', '-o', '/dev/null', traced, '--version'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code) =>
      resolve(code === 0 && stderr === '' ? undefined : (stderr.split('\n')[0] ?? `exit code ${code}`)),
    )
  })
}
