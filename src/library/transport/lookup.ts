import { createSocket } from 'node:dgram'
import dns from 'node:dns'
import { isIP, isIPv6, type LookupFunction } from 'node:net'
import { AbortController, AbortSignal, Buffer, ownOf, systemFiles } from '../../platform/index.ts'

export interface LookupOptions {
  /** Longest time to wait for the name service, in milliseconds. Default: 2,000. */
  readonly timeout?: number
  /** DNS servers to probe, as `dns.getServers()` returns them. Default: those of the system. */
  readonly servers?: readonly string[]
  /** Path of the hosts file. Default: `/etc/hosts`. */
  readonly hostsFile?: string
  /** Signal that aborts a look-up. */
  readonly signal?: AbortSignal
}

/**
 * Creates a `dns.lookup` that runs only after the name service has answered. `dns.lookup` blocks a thread until `getaddrinfo` times
 * out: 10 seconds and more if the name service is silent, and Node.js waits for it even after `process.exit()`. So a DNS query for
 * the same name is sent first, over a socket that does not keep the process alive; `dns.Resolver` would. After any response,
 * "no such name" and "port unreachable" included, `dns.lookup` does the work: `/etc/hosts`, `nsswitch.conf` and an operator's
 * block stay in force.
 *
 * `localhost` and the names in `/etc/hosts` need no query. The costs: one more query for each attempt; a look-up fails with
 * `ETIMEOUT` if DNS over UDP is silent, although another source may know the name (the hosts file of Windows, NIS, DNS over TCP or
 * HTTPS only); and if the first of several servers is silent and another one answers, `dns.lookup` still blocks for its timeout.
 */
export function createLookup(options: LookupOptions = {}): LookupFunction {
  const { timeout = 2_000, servers, hostsFile = '/etc/hosts', signal } = ownOf(options)
  return (hostname, query, callback) => {
    isKnownHere(hostname, hostsFile)
      .then((known) => known || isAnswered(hostname, servers ?? systemServers(), timeout, signal))
      .then((answered) => {
        if (signal?.aborted) throw signal.reason
        if (!answered) throw Object.assign(new Error('no answer to a DNS query'), { code: dns.TIMEOUT })
        dns.lookup(hostname, query, callback)
      })
      .catch((error) => callback(error, ''))
  }
}

async function isKnownHere(hostname: string, file: string): Promise<boolean> {
  const name = hostname.toLowerCase()
  // RFC 6761, 6.3: `localhost` is this machine, and needs no query.
  if (/^(.+\.)?localhost\.?$/.test(name)) return true
  const text = String(await systemFiles.readFile(file).catch(() => '')).toLowerCase()
  // Most hosts files do not contain the name, and some have a hundred thousand lines.
  if (!text.includes(name)) return false
  return text.split('\n').some((line) => line.replace(/#.*/, '').split(/\s+/).slice(1).includes(name))
}

/** Reads the system's DNS servers at each call: they change when a machine changes its network. */
const systemServers = () => new dns.Resolver().getServers()

/** Returns `false` if no server answers in time. Returns `true` if no server can be reached: then `dns.lookup` fails at once. */
async function isAnswered(
  hostname: string,
  servers: readonly string[],
  timeout: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const done = new AbortController()
  const silent = AbortSignal.timeout(timeout)
  const end = AbortSignal.any([done.signal, silent, ...(signal ? [signal] : [])])
  try {
    await Promise.any(servers.map((server) => ask(server, hostname, end)))
    return true
  } catch {
    return !silent.aborted
  } finally {
    done.abort()
  }
}

/** Resolves with any response of a DNS server; rejects if its port is closed or `signal` aborts. Does not keep the process alive. */
function ask(server: string, hostname: string, signal: AbortSignal): Promise<unknown> {
  const [address = '', port = '53'] = isIP(server)
    ? [server]
    : server.split(/^\[|\]?:(?=\d+$)/).filter(Boolean)
  return new Promise((resolve, reject) => {
    const socket = createSocket(
      ownOf({ type: isIPv6(address) ? ('udp6' as const) : ('udp4' as const), signal }),
    ).unref()
    socket.on('message', resolve).on('error', reject).on('close', reject)
    // A connected UDP socket gets "port unreachable" errors, and no packets from other addresses.
    socket.on('connect', () => socket.send(questionFor(hostname))).connect(Number(port), address)
  })
}

/** Builds a DNS query (RFC 1035, 4.1): one question for IPv4 addresses, recursion desired. */
function questionFor(hostname: string): Uint8Array {
  const labels = hostname.split('.').filter(Boolean)
  const name = labels.flatMap((label) => [label.length, ...Buffer.from(label)])
  return Buffer.of(0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 0, 1, 0, 1)
}
