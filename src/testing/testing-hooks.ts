/**
 * What the `node` tracer loads into the host, before any of the host's own code and in each of its threads. Tells what the
 * host does by appending lines to a file, synchronously: what was told stands however the process ends.
 *
 * Sockets, DNS queries and child processes are seen where Node.js creates the resource for them (`async_hooks`), below every
 * function that leads there: `net`, `http`, `fetch`, `dgram`, `dns` and whatever comes. What creates no such resource, files
 * and synchronous child processes, is seen at the functions that are called.
 */
import { createHook } from 'node:async_hooks'
import childProcess from 'node:child_process'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { getCallSites } from 'node:util'
import workerThreads, { SHARE_ENV, type WorkerOptions } from 'node:worker_threads'
import { createIdentityFileTest } from './identity-files.ts'
import type { ActionKind, HostAction } from './types.ts'

/** What the hooks have to know. */
export interface WatchPlan {
  /** The file that takes the lines: {@link LOADED}, and a JSON {@link HostAction} each. */
  readonly report: string
  readonly stateDirectory?: string
  /** What brings the hooks into every process: the value of `NODE_OPTIONS`. */
  readonly nodeOptions: string
}

/** The line that says that the hooks are in place. Without one, nobody has watched. */
export const LOADED = '"watching"'

export function watchHost(plan: WatchPlan): void {
  const report = fs.openSync(plan.report, 'a', 0o600)
  // Taken now: the host may replace the function later.
  const { writeSync } = fs
  const tell = (kind: ActionKind, what: string) => {
    const action: HostAction = { kind, detail: `${what}${origin()}` }
    writeSync(report, `${JSON.stringify(action)}\n`)
  }
  watchResources(tell)
  watchChildProcesses(tell)
  watchIdentityFiles(tell, plan.stateDirectory)
  watchWorkers(plan.nodeOptions)
  // So that `import { readFile } from 'node:fs'` gets the watched function too.
  syncBuiltinESMExports()
  writeSync(report, `${LOADED}\n`)
}

type Tell = (kind: ActionKind, what: string) => void

/** Some of what Node.js keeps with a request; which of it depends on the request. */
interface Resource {
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
  readonly bindingName?: string
}

const RESOURCES: Readonly<Record<string, readonly [ActionKind, (resource: Resource) => string]>> = {
  TCPWRAP: ['socket', () => 'TCP socket'],
  TCPSERVERWRAP: ['socket', () => 'TCP server'],
  TCPCONNECTWRAP: ['socket', ({ address, port }) => `connect ${address}:${port}`],
  UDPWRAP: ['socket', () => 'UDP socket'],
  QUIC_ENDPOINT: ['socket', () => 'QUIC endpoint'],
  PIPECONNECTWRAP: ['socket', ({ address }) => `connect ${address}`],
  PIPESERVERWRAP: ['socket', () => 'local server'],
  GETADDRINFOREQWRAP: ['dns', ({ hostname }) => `lookup ${hostname}`],
  GETNAMEINFOREQWRAP: ['dns', ({ hostname }) => `lookupService ${hostname}`],
  QUERYWRAP: ['dns', ({ bindingName, hostname }) => `${bindingName ?? 'query'} ${hostname}`],
  PROCESSWRAP: ['child-process', () => 'new process'],
}

function watchResources(tell: Tell): void {
  createHook({
    init(_id, type, _trigger, resource) {
      const found = RESOURCES[type]
      if (found) tell(found[0], found[1](resource as Resource))
    },
  }).enable()
}

/** Each function, and how many of its first arguments are paths. Deleting and asking for existence are no use of a file. */
const FILE_FUNCTIONS = {
  open: 1,
  openAsBlob: 1,
  readFile: 1,
  writeFile: 1,
  appendFile: 1,
  truncate: 1,
  createReadStream: 1,
  createWriteStream: 1,
  copyFile: 2,
  cp: 2,
  rename: 2,
  link: 2,
  symlink: 2,
} as const

function watchIdentityFiles(tell: Tell, stateDirectory: string | undefined): void {
  const isIdentityFile = createIdentityFileTest(stateDirectory)
  for (const [name, paths] of Object.entries(FILE_FUNCTIONS)) {
    const seen = (args: readonly unknown[]) => {
      const file = args
        .slice(0, paths)
        .map(pathOf)
        .find((candidate) => candidate !== undefined && isIdentityFile(candidate))
      if (file !== undefined) tell('identity-file', `${name} ${path.resolve(file)}`)
    }
    watchFunction(fs, name, seen)
    watchFunction(fs, `${name}Sync`, seen)
    watchFunction(fs.promises, name, seen)
  }
}

function pathOf(argument: unknown): string | undefined {
  if (argument instanceof URL) return argument.protocol === 'file:' ? fileURLToPath(argument) : undefined
  if (argument instanceof Uint8Array) return Buffer.from(argument).toString()
  return typeof argument === 'string' ? argument : undefined
}

function watchChildProcesses(tell: Tell): void {
  for (const name of ['spawnSync', 'execSync', 'execFileSync']) {
    watchFunction(childProcess, name, ([file]) => tell('child-process', `${name} ${file}`))
  }
  // spawn, exec, execFile, fork and cluster all come through here.
  watchFunction(childProcess.ChildProcess.prototype, 'spawn', ([options]) =>
    tell('child-process', `spawn ${(options as { file?: string } | undefined)?.file}`),
  )
  watchFunction(process, 'execve', ([file]) => tell('child-process', `execve ${file}`))
}

/** A thread with an environment of its own would not have the option that brings the hooks. */
function watchWorkers(nodeOptions: string): void {
  const withHooks = (options: WorkerOptions | undefined) => {
    const env = options?.env
    return env && env !== SHARE_ENV ? { ...options, env: { ...env, NODE_OPTIONS: nodeOptions } } : options
  }
  workerThreads.Worker = new Proxy(workerThreads.Worker, {
    construct: (target, [file, options], newTarget) =>
      Reflect.construct(target, [file, withHooks(options)], newTarget),
  })
}

/** Puts a proxy in the function's place, which keeps its name, its properties and what `this` is. */
function watchFunction(owner: object, name: string, seen: (args: readonly unknown[]) => void): void {
  const original = Reflect.get(owner, name)
  if (typeof original !== 'function') return
  const watched = new Proxy(original, {
    apply(target, self, args) {
      seen(args)
      return Reflect.apply(target, self, args)
    },
  })
  Object.defineProperty(owner, name, { ...Object.getOwnPropertyDescriptor(owner, name), value: watched })
}

/** The line of the host's code that it comes from, where one is on the stack. */
function origin(): string {
  const site = getCallSites(30).find(
    ({ scriptName }) => scriptName !== import.meta.url && !/^(?:node:|$)/.test(scriptName),
  )
  return site ? ` (${site.scriptName.replace(/^file:\/\//, '')}:${site.lineNumber})` : ''
}
