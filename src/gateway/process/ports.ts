import { createServer } from 'node:net'
import { PortInUseError } from '../errors.ts'

/** A TCP port of the loopback device that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
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
export async function requireFree({ host, port }: Endpoint, purpose: string, setting: string): Promise<void> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject).listen({ host, port, exclusive: true }, resolve)
    })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'EADDRINUSE'
        ? 'something else listens there already'
        : code === 'EACCES'
          ? 'this user may not listen there'
          : (error as Error).message
    throw new PortInUseError(
      `${purpose} cannot listen on ${host}:${port}: ${why}. End the other program, or choose another place with ${setting}.`,
      { cause: error },
    )
  } finally {
    server.close()
  }
}
