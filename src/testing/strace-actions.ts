/**
 * Translation of system calls into actions of a host. Calls of Node.js itself are not actions: its threads, its socket pairs, and the read
 * of `resolv.conf` on `import 'node:dns'`, which sends no query.
 */
import path from 'node:path'
import { createIdentityFileTest } from './identity-files.ts'
import { openedFile, quotedIn, type SystemCall } from './strace-trace.ts'
import type { HostAction } from './types.ts'

const NETWORK_CALLS = ['connect', 'bind', 'sendto', 'sendmsg', 'sendmmsg']
const FORK_CALLS = ['clone', 'clone3', 'fork', 'vfork']
const EXEC_CALLS = ['execve', 'execveat']
const FILE_CALLS = [
  ...['open', 'openat', 'openat2', 'creat', 'truncate'],
  ...['rename', 'renameat', 'renameat2', 'link', 'linkat', 'symlink', 'symlinkat'],
]

/** System calls that the trace must contain. */
export const TRACED_CALLS: readonly string[] = [
  'socket',
  ...NETWORK_CALLS,
  ...FORK_CALLS,
  ...EXEC_CALLS,
  ...FILE_CALLS,
]

/** Returns the actions in the system calls of a host, its threads and its child processes. The first call is the start of the host. */
export function actionsOf(calls: readonly SystemCall[], stateDirectory: string | undefined): HostAction[] {
  const host = calls[0]?.pid
  const isIdentityFile = createIdentityFileTest(stateDirectory)
  let threads = false
  return calls.flatMap((call): HostAction[] => {
    if (call.name === 'socket') return socketAction(call)
    if (NETWORK_CALLS.includes(call.name)) return networkAction(call)
    if (FILE_CALLS.includes(call.name)) return fileAction(call, isIdentityFile)
    if (FORK_CALLS.includes(call.name)) {
      const thread = call.args.includes('CLONE_THREAD')
      threads ||= thread && call.pid === host
      return thread ? [] : [{ kind: 'child-process', detail: call.name }]
    }
    // `#!/usr/bin/env node` and the like execute again: until Node.js runs with its threads, the host is still being started.
    if (call.pid === host && !threads) return []
    return execAction(call)
  })
}

function socketAction({ args }: SystemCall): HostAction[] {
  const [family = '', type = ''] = args.split(/[,|]\s*/)
  // Pipes between processes are such sockets as well. The later `connect` shows the address.
  return family === 'AF_UNIX' ? [] : [{ kind: 'socket', detail: `socket ${family} ${type}` }]
}

function networkAction({ name, args }: SystemCall): HostAction[] {
  if (NSCD_HOSTS_REQUEST.test(args)) return [{ kind: 'dns', detail: `${name} nscd hosts` }]
  const family = /sa_family=(AF_\w+)/.exec(args)?.[1]
  if (family === 'AF_UNIX') return localAction(name, args)
  const port = /sin6?_port=htons\((\d+)\)/.exec(args)?.[1]
  const address = /inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"/.exec(args)
  if (!family || !address) return []
  const to = address[1] ?? `[${address[2]}]`
  const asks = name !== 'bind' && DNS_PORTS.has(port ?? '')
  return [{ kind: asks ? 'dns' : 'socket', detail: `${name} ${family} ${to}:${port}` }]
}

/** Ports of DNS, DNS over TLS and multicast DNS. */
const DNS_PORTS = new Set(['53', '853', '5353'])

/** Pattern of a request for a host name to nscd. nscd also looks up users; its protocol names the database in the request. */
const NSCD_HOSTS_REQUEST = /"\\2\\0\\0\\0[^"]*hosts\\0/

function localAction(name: string, args: string): HostAction[] {
  const file = /sun_path=(@?"(?:[^"\\]|\\.)*")/.exec(args)?.[1]?.replaceAll('"', '')
  if (file === undefined || file.includes('/nscd/')) return []
  const resolver = /systemd\/resolve|\.Resolve|avahi-daemon/.test(file)
  return [{ kind: resolver ? 'dns' : 'socket', detail: `${name} AF_UNIX ${file}` }]
}

function fileAction(
  { name, args, result }: SystemCall,
  isIdentityFile: (file: string) => boolean,
): HostAction[] {
  const opened = name.startsWith('open') ? openedFile(result) : undefined
  const named = quotedIn(args).map(({ from = '', text }) =>
    path.join(path.isAbsolute(text) ? '' : from, text),
  )
  // A relative path in a call without a directory may be in any directory, also in the state directory.
  const identity = [...named, ...(opened === undefined ? [] : [opened])].find((file) =>
    path.isAbsolute(file) ? isIdentityFile(file) : isNamedLikeIdentity(file),
  )
  if (identity !== undefined) return [{ kind: 'identity-file', detail: `${name} ${identity}` }]
  const asks = named.find((file) => isResolverFile(file, args))
  return asks === undefined ? [] : [{ kind: 'dns', detail: `${name} ${asks}` }]
}

const isNamedLikeIdentity = createIdentityFileTest(undefined)

/**
 * Returns `true` for a file whose opening shows a DNS query. `getaddrinfo` opens `/etc/hosts` and, with `O_CLOEXEC`, `/etc/resolv.conf`.
 * The resolver of `import 'node:dns'` opens `/etc/resolv.conf` without that flag; its queries are visible on port 53. `nsswitch.conf`
 * does not show a query: it is also read to look up a user.
 */
function isResolverFile(file: string, args: string): boolean {
  return file === '/etc/hosts' || (file === '/etc/resolv.conf' && args.includes('O_CLOEXEC'))
}

function execAction({ name, args, result }: SystemCall): HostAction[] {
  // A failed attempt in the search along the PATH.
  if (result.includes('ENOENT')) return []
  return [{ kind: 'child-process', detail: `${name} ${quotedIn(args)[0]?.text}` }]
}
