import { createSocket } from 'node:dgram'
import dns from 'node:dns'
import { isIP, isIPv6, type LookupFunction } from 'node:net'
import { AbortController, AbortSignal, Buffer, systemFiles } from '../../platform/index.ts'

export interface LookupOptions {
  /** How long the name service may be silent, in milliseconds. Default: 2,000. */
  readonly timeout?: number
  /** The DNS servers that are asked whether they answer, as `dns.getServers()` gives them. Default: those of the system. */
  readonly servers?: readonly string[]
  /** The names that this machine knows by itself. Default: `/etc/hosts`. */
  readonly hostsFile?: string
  /** Calls a look-up off: nothing more is asked. */
  readonly signal?: AbortSignal
}

/**
 * `dns.lookup`, once it is known that the name service answers. `dns.lookup` sits in a thread until `getaddrinfo` gives up: with
 * a name service that is silent 10 seconds and more, for which Node.js waits at the end of the process, after `process.exit()`
 * too. So a DNS query for the same name goes ahead, which holds nobody. (That of `dns.Resolver` would: a host that has nothing
 * more to do stays for it.) Whatever comes back, "no such name" included, or that nobody listens there, and `dns.lookup` does
 * the work: `/etc/hosts`, `nsswitch.conf` and an operator's block stay in force.
 *
 * `localhost` and the names in `/etc/hosts` need no name service, and none is asked. The price of it all: one more query for each
 * attempt; a look-up fails with `ETIMEOUT` where DNS over UDP is silent, though names may come from elsewhere (the hosts file of
 * Windows, NIS, DNS over TCP or HTTPS alone); and where the first of several servers is silent and another one answers,
 * `dns.lookup` still takes its time.
 */
export function createLookup(options: LookupOptions = {}): LookupFunction {
  const { timeout = 2_000, servers, hostsFile = '/etc/hosts', signal } = options
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
  // RFC 6761, 6.3: this machine, and never asked for.
  if (/^(.+\.)?localhost\.?$/.test(name)) return true
  const text = String(await systemFiles.readFile(file).catch(() => '')).toLowerCase()
  // Most files do not have the name at all, and some have a hundred thousand lines.
  if (!text.includes(name)) return false
  return text.split('\n').some((line) => line.replace(/#.*/, '').split(/\s+/).slice(1).includes(name))
}

/** Anew each time: a machine that moves gets other servers. */
const systemServers = () => new dns.Resolver().getServers()

/** False where it is silent. Where nothing can be asked nothing is silent either: `dns.lookup` fails there at once. */
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

/** Resolves with whatever a DNS server says, rejects when nobody is there or `signal` ends it. Does not keep the process alive. */
function ask(server: string, hostname: string, signal: AbortSignal): Promise<unknown> {
  const [address = '', port = '53'] = isIP(server)
    ? [server]
    : server.split(/^\[|\]?:(?=\d+$)/).filter(Boolean)
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', signal }).unref()
    socket.on('message', resolve).on('error', reject).on('close', reject)
    // Only a connected socket hears that nobody is there, and hears nobody else.
    socket.on('connect', () => socket.send(questionFor(hostname))).connect(Number(port), address)
  })
}

/** RFC 1035, 4.1: one question, for the IPv4 addresses, recursion desired. */
function questionFor(hostname: string): Uint8Array {
  const labels = hostname.split('.').filter(Boolean)
  const name = labels.flatMap((label) => [label.length, ...Buffer.from(label)])
  return Buffer.of(0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 0, 1, 0, 1)
}
