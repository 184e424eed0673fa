import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { PortInUseError } from '../../package/index.ts'

/**
 * A TCP port of the loopback device that nothing listens on at this moment, and none that this process was given lately. Not one of
 * those that systems draw for outgoing connections (from 32768 on): such a connection could take it before a server does.
 *
 * @throws {PortInUseError} when none can be found.
 */
export async function freePort(): Promise<number> {
  let problem: NodeJS.ErrnoException | undefined
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = nextPort()
    problem = await tryToListen({ host: '127.0.0.1', port })
    if (!problem) return port
  }
  throw new PortInUseError(
    `No free port was found on 127.0.0.1 between 16384 and 32767: ${problem?.message}. End other programs, or name the ports.`,
    { cause: problem },
  )
}

let last = randomInt(16_384, 32_768)

/** One after the other and round again, from a random one on: processes that look at the same time look elsewhere. */
function nextPort(): number {
  last = last < 32_767 ? last + 1 : 16_384
  return last
}

/** A host and port as the Collector writes an endpoint. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** Reads `host:port`, `[::1]:port` or `:port`; `undefined` for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]*):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || port === undefined || Number(port) > 65_535) return undefined
  return { host: host.replace(/^\[|\]$/g, '') || '0.0.0.0', port: Number(port) }
}

/** Where a program on this machine reaches something that listens there. */
export function localUrl({ host, port }: Endpoint): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`
  if (host === '::') return `http://[::1]:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/**
 * Tries to listen, and stops again: so that a port in use is named before a server starts and ends with a long log.
 *
 * @throws {PortInUseError} that names the place, what it is for, and the setting that moves it.
 */
export async function requireFree(endpoint: Endpoint, purpose: string, setting: string): Promise<void> {
  const problem = await tryToListen(endpoint)
  if (!problem) return
  const { code, message } = problem
  const why =
    code === 'EADDRINUSE'
      ? 'something else listens there already'
      : code === 'EACCES'
        ? 'this user may not listen there'
        : message
  throw new PortInUseError(
    `${purpose} cannot listen on ${endpoint.host}:${endpoint.port}: ${why}. End the other program, or choose another place with ${setting}.`,
    { cause: problem },
  )
}

/** Listens, and stops again; says what has kept it from it. */
async function tryToListen({ host, port }: Endpoint): Promise<NodeJS.ErrnoException | undefined> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject).listen({ host, port, exclusive: true }, resolve)
    })
    return undefined
  } catch (error) {
    return error as NodeJS.ErrnoException
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}
