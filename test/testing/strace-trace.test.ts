/** The trace as strace writes it: threads that interrupt each other, other machines, other programs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actionsOf } from '../../src/testing/strace-actions.ts'
import { parseTrace } from '../../src/testing/strace-trace.ts'

const START = '10 execve("/usr/bin/node", ["node"], 0x7ffc /* 3 vars */) = 0'

const seen = (lines: readonly string[], stateDirectory = '/var/lib/acme') =>
  actionsOf(parseTrace([START, ...lines].join('\n')), stateDirectory).map(
    ({ kind, detail }) => `${kind}: ${detail}`,
  )

const CASES: ReadonlyArray<readonly [string, readonly string[], readonly string[]]> = [
  [
    'calls that another thread interrupts are put together',
    [
      '10 openat(AT_FDCWD</srv>, "/var/lib/acme/installation.json", O_RDONLY <unfinished ...>',
      '11 connect(21<socket:[1]>, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")}, 16 <unfinished ...>',
      '10 <... openat resumed>)             = -1 ENOENT (No such file or directory)',
      '11 <... connect resumed>)            = -1 EINPROGRESS (Operation now in progress)',
    ],
    ['identity-file: openat /var/lib/acme/installation.json', 'socket: connect AF_INET 192.0.2.1:443'],
  ],
  [
    'a call that ended with its process counts',
    ['10 socket(AF_INET6, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP <unfinished ...>'],
    ['socket: socket AF_INET6 SOCK_STREAM'],
  ],
  [
    'an IPv6 address',
    [
      '10 connect(3<socket:[1]>, {sa_family=AF_INET6, sin6_port=htons(4318), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = 0',
    ],
    ['socket: connect AF_INET6 [::1]:4318'],
  ],
  [
    'questions to a name server, to the resolver of systemd, and to the cache for host names',
    [
      '10 sendto(3<socket:[1]>, "x", 29, 0, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.53")}, 16) = 29',
      '10 connect(3<socket:[1]>, {sa_family=AF_UNIX, sun_path="/run/systemd/resolve/io.systemd.Resolve"}, 42) = 0',
      '10 sendto(3<socket:[1]>, "\\2\\0\\0\\0\\r\\0\\0\\0\\6\\0\\0\\0hosts\\0", 18, MSG_NOSIGNAL, NULL, 0) = 18',
    ],
    [
      'dns: sendto AF_INET 192.0.2.53:53',
      'dns: connect AF_UNIX /run/systemd/resolve/io.systemd.Resolve',
      'dns: sendto nscd hosts',
    ],
  ],
  [
    "asking for the user's name is no DNS query",
    [
      '10 socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, 0) = 21<socket:[1]>',
      '10 connect(21<socket:[1]>, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT (No such file or directory)',
      '10 openat(AT_FDCWD</srv>, "/etc/nsswitch.conf", O_RDONLY|O_CLOEXEC) = 21</etc/nsswitch.conf>',
      '10 openat(AT_FDCWD</srv>, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 21</etc/passwd>',
    ],
    [],
  ],
  [
    "a resolver that is only set up, with import 'node:dns', has asked nobody",
    ['10 openat(AT_FDCWD</srv>, "/etc/resolv.conf", O_RDONLY) = 21</etc/resolv.conf>'],
    [],
  ],
  [
    'what asks the system for its network interfaces opens a socket',
    ['10 socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 21<socket:[1]>'],
    ['socket: socket AF_NETLINK SOCK_RAW'],
  ],
  [
    'threads are no child processes, and the search along the PATH is none either',
    [
      '10 clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD|CLONE_SETTLS, exit_signal=0}, 88) = 11',
      '11 vfork( <unfinished ...>',
      '12 execve("/usr/local/bin/uname", ["uname"], 0x55 /* 3 vars */) = -1 ENOENT (No such file or directory)',
      '12 execve("/usr/bin/uname", ["uname"], 0x55 /* 3 vars */ <unfinished ...>',
      '11 <... vfork resumed>)              = 12',
      '12 <... execve resumed>)             = 0',
    ],
    ['child-process: vfork', 'child-process: execve /usr/bin/uname'],
  ],
  [
    'a program that starts Node.js in its place is the start of the host',
    [
      '10 execve("/usr/local/bin/node", ["node", "acme"], 0x55 /* 3 vars */) = -1 ENOENT (No such file or directory)',
      '10 execve("/usr/bin/node", ["node", "acme"], 0x55 /* 3 vars */) = 0',
    ],
    [],
  ],
  [
    'a host that turns into another program is not',
    [
      '10 clone(child_stack=0x7f, flags=CLONE_VM|CLONE_THREAD) = 11',
      '10 execve("/usr/bin/curl", ["curl"], 0x55 /* 3 vars */) = 0',
    ],
    ['child-process: execve /usr/bin/curl'],
  ],
  [
    'relative paths start from the directory that the call names',
    [
      '10 openat(AT_FDCWD</var/lib/acme>, "installation.json", O_RDONLY) = -1 ENOENT (No such file or directory)',
      '10 openat(AT_FDCWD</home/bob>, "installation.json", O_RDONLY) = -1 ENOENT (No such file or directory)',
      '10 renameat2(5</var/lib/acme>, "installation.json.1a.tmp", 5</var/lib/acme>, "installation.json", 0) = 0',
    ],
    [
      'identity-file: openat /var/lib/acme/installation.json',
      'identity-file: renameat2 /var/lib/acme/installation.json.1a.tmp',
    ],
  ],
  [
    'a relative path that may be anywhere is taken for the worst',
    ['10 rename("new", "installation.json") = 0'],
    ['identity-file: rename installation.json'],
  ],
  [
    'a file that is opened through a link is the file that it is',
    ['10 openat(AT_FDCWD</srv>, "harmless", O_RDONLY) = 21</var/lib/acme/installation.json>'],
    ['identity-file: openat /var/lib/acme/installation.json'],
  ],
  [
    'what is not ours: lines about signals and ends, and half a line at the end of a trace',
    [
      '10 --- SIGCHLD {si_signo=SIGCHLD} ---',
      '11 +++ exited with 0 +++',
      '10 ????( <unfinished ...>',
      '10 conn',
    ],
    [],
  ],
]

for (const [name, lines, expected] of CASES) {
  test(name, () => {
    assert.deepEqual(seen(lines), expected)
  })
}

test('paths with letters beyond ASCII and with quotation marks are read as they are', () => {
  const line = String.raw`10 openat(AT_FDCWD</srv>, "/var/lib/\303\274 \"a\"/installation.json", O_RDONLY) = -1 ENOENT (…)`
  assert.deepEqual(seen([line], '/var/lib/ü "a"'), ['identity-file: openat /var/lib/ü "a"/installation.json'])
})
