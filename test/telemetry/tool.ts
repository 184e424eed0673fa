import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { bareEnvironment } from '../support/bare-environment.ts'

export const TOOL = path.join(import.meta.dirname, 'hosts/tool.ts')

/** What a tool that went well leaves behind. */
export const DONE = { stdout: 'done\n', stderr: '', code: 0 }

/** Runs the command-line tool until it has ended and nobody holds its output any more. */
export async function runTool(
  options: object,
  {
    environment = {},
    flags = [],
    cwd,
    program = TOOL,
  }: {
    environment?: Record<string, string>
    flags?: string[]
    cwd?: string | undefined
    program?: string | undefined
  } = {},
) {
  const child = spawn(process.execPath, [...flags, program, JSON.stringify(options)], {
    env: { ...bareEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd,
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { stdout, stderr, code }
}

/** A child process that delivers the reports of a directory, as Linux shows it. */
export interface Deliverer {
  readonly pid: number
  readonly command: readonly string[]
  readonly environment: readonly string[]
  readonly workingDirectory: string
  /** Where its open files lead, by number. */
  readonly openFiles: ReadonlyMap<string, string>
}

/** Those that are there now. On Linux only. */
export function deliverersOf(directory: string): Deliverer[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const list = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0').slice(0, -1)
      const command = list('cmdline')
      if (!command.includes(directory) || !command.some((word) => word.includes('otel-usage-detached')))
        return []
      return {
        ...{ pid: Number(pid), command, environment: list('environ'), openFiles: openFilesOf(pid) },
        workingDirectory: readlinkSync(`/proc/${pid}/cwd`),
      }
    } catch {
      // No process, or none any more.
      return []
    }
  })
}

/** One that is closed while this looks is left out: a process that starts opens and closes many. */
function openFilesOf(pid: string) {
  const open = new Map<string, string>()
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      open.set(fd, readlinkSync(`/proc/${pid}/fd/${fd}`))
    } catch {}
  }
  return open
}

/** An endpoint that takes connections, and then does as it is told; that is nothing by default. */
export async function startStubborn(behave: (socket: net.Socket) => void = () => {}) {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    behave(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return sockets.size
    },
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
