import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { PortInUseError } from '../../package/index.ts'

/**
 * Returns a TCP port of the loopback device on which no program listens, and which this process has not got recently. Leaves out the ports
 * that systems use for outgoing connections (from 32768): such a connection could take the port before the server does.
 *
 * @throws {PortInUseError} if there is no free port.
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

/** Returns the next port to try, after the last one: processes that look at the same time begin at different random ports. */
function nextPort(): number {
  last = last < 32_767 ? last + 1 : 16_384
  return last
}

/** Host and port of an endpoint of the Collector. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** Parses `host:port`, `[::1]:port` or `:port`; returns `undefined` for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]*):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || port === undefined || Number(port) > 65_535) return undefined
  return { host: host.replace(/^\[|\]$/g, '') || '0.0.0.0', port: Number(port) }
}

/** Returns the URL with which a program on this machine reaches a server that listens there. */
export function localUrl({ host, port }: Endpoint): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`
  if (host === '::') return `http://[::1]:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/**
 * Checks that a port is free by listening on it, so that the message comes before a server starts and fails with a long log.
 *
 * @throws {PortInUseError} that names the address, its purpose, and the setting that changes it.
 */
export async function requireFree(endpoint: Endpoint, purpose: string, setting: string): Promise<void> {
  const problem = await tryToListen(endpoint)
  if (!problem) return
  const { code, message } = problem
  const why =
    code === 'EADDRINUSE'
      ? 'another program listens there'
      : code === 'EACCES'
        ? 'this user may not listen there'
        : message
  throw new PortInUseError(
    `${purpose} cannot listen on ${endpoint.host}:${endpoint.port}: ${why}. End the other program, or choose another address with ${setting}.`,
    { cause: problem },
  )
}

/** Listens and stops again; returns the error, if there is one. */
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
