/**
 * Hooks that the `node` tracer loads into the host, before the host's own code and in each of its threads. They append each action to a
 * file synchronously, so that no action is lost, however the process ends.
 *
 * Sockets, DNS queries and child processes are observed where Node.js creates a resource for them (`async_hooks`), below all functions that
 * use them: `net`, `http`, `fetch`, `dgram`, `dns` and future ones. Files and synchronous child processes create no such resource; they
 * are observed by wrapping the functions.
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

/** Options of the hooks. */
export interface WatchPlan {
  /** Path of the output file: the line {@link LOADED}, and a line with a JSON {@link HostAction} for each action. */
  readonly report: string
  readonly stateDirectory?: string
  /** Value of `NODE_OPTIONS` that loads the hooks into each process. */
  readonly nodeOptions: string
}

/** Line that is written when the hooks are installed. Without the line, the host was not observed. */
export const LOADED = '"watching"'

export function watchHost(plan: WatchPlan): void {
  const report = fs.openSync(plan.report, 'a', 0o600)
  // Read now, because the host may replace the function later.
  const { writeSync } = fs
  const record = (kind: ActionKind, what: string) => {
    const action: HostAction = { kind, detail: `${what}${origin()}` }
    writeSync(report, `${JSON.stringify(action)}\n`)
  }
  watchResources(record)
  watchChildProcesses(record)
  watchIdentityFiles(record, plan.stateDirectory)
  watchWorkers(plan.nodeOptions)
  // Makes `import { readFile } from 'node:fs'` get the wrapped function, too.
  syncBuiltinESMExports()
  writeSync(report, `${LOADED}\n`)
}

type RecordAction = (kind: ActionKind, what: string) => void

/** Properties of the resources that Node.js creates. Which of them are present depends on the type of the resource. */
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

function watchResources(record: RecordAction): void {
  createHook({
    init(_id, type, _trigger, resource) {
      const found = RESOURCES[type]
      if (found) record(found[0], found[1](resource as Resource))
    },
  }).enable()
}

/** File functions with the number of their leading path arguments. Deleting a file and testing its existence do not use the file. */
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

function watchIdentityFiles(record: RecordAction, stateDirectory: string | undefined): void {
  const isIdentityFile = createIdentityFileTest(stateDirectory)
  for (const [name, paths] of Object.entries(FILE_FUNCTIONS)) {
    const onCall = (args: readonly unknown[]) => {
      const file = args
        .slice(0, paths)
        .map(pathOf)
        .find((candidate) => candidate !== undefined && isIdentityFile(candidate))
      if (file !== undefined) record('identity-file', `${name} ${path.resolve(file)}`)
    }
    watchFunction(fs, name, onCall)
    watchFunction(fs, `${name}Sync`, onCall)
    watchFunction(fs.promises, name, onCall)
  }
}

function pathOf(argument: unknown): string | undefined {
  if (argument instanceof URL) return argument.protocol === 'file:' ? fileURLToPath(argument) : undefined
  if (argument instanceof Uint8Array) return Buffer.from(argument).toString()
  return typeof argument === 'string' ? argument : undefined
}

function watchChildProcesses(record: RecordAction): void {
  for (const name of ['spawnSync', 'execSync', 'execFileSync']) {
    watchFunction(childProcess, name, ([file]) => record('child-process', `${name} ${file}`))
  }
  // spawn, exec, execFile, fork and cluster all call this method.
  watchFunction(childProcess.ChildProcess.prototype, 'spawn', ([options]) =>
    record('child-process', `spawn ${(options as { file?: string } | undefined)?.file}`),
  )
  watchFunction(process, 'execve', ([file]) => record('child-process', `execve ${file}`))
}

/** Adds `NODE_OPTIONS` to the environment of a thread: a thread with its own environment would not load the hooks. */
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

/** Replaces a function by a proxy, which preserves the name, the properties and `this` of the function. */
function watchFunction(owner: object, name: string, onCall: (args: readonly unknown[]) => void): void {
  const original = Reflect.get(owner, name)
  if (typeof original !== 'function') return
  const watched = new Proxy(original, {
    apply(target, self, args) {
      onCall(args)
      return Reflect.apply(target, self, args)
    },
  })
  Object.defineProperty(owner, name, { ...Object.getOwnPropertyDescriptor(owner, name), value: watched })
}

/** Returns the file and line of the host's code that is on the stack, in parentheses; an empty text when there is none. */
function origin(): string {
  const site = getCallSites(30).find(
    ({ scriptName }) => scriptName !== import.meta.url && !/^(?:node:|$)/.test(scriptName),
  )
  return site ? ` (${site.scriptName.replace(/^file:\/\//, '')}:${site.lineNumber})` : ''
}
