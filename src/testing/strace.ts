import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { systemEnvironment } from '../platform/index.ts'

/** A strace that traces, as the start of a command line; or why there is none, as the end of a sentence. */
export type FoundStrace = { readonly command: readonly string[] } | { readonly problem: string }

/** What follows threads and child processes; what is quick about it, where the kernel and strace know it. */
const FOLLOW = ['-f', '-qq']
const QUICKLY = '--seccomp-bpf'

/**
 * Why hosts cannot be traced by strace on this machine, as the end of a sentence; `undefined` where they can. For a test
 * that is skipped with the reason.
 */
export async function straceProblem(): Promise<string | undefined> {
  const found = await findStrace()
  return 'problem' in found ? found.problem : undefined
}

/** Looks for strace, and tries it: a container may forbid what it needs. */
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

/** Traces strace itself, which is there and quick. The first line of what it complains of, or `undefined`. */
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
