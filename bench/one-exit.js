/**
 * Measures the end of a program in a fresh process. The argument is JSON: `program`, the file, or none; `how`, the argument of its `start`;
 * `call` and `counts`, the name of a call and how often it is made; `report`, `under way` at the end or `awaited` before it; `end`, `shutdown`
 * or `exit`; `names`, the name server; `daysAhead`, days by which its clock is ahead; `together`, `true` to report the start and wait for a
 * message. Prints the time right before the end, by the clock that all processes of a machine share.
 */
import { once } from 'node:events'
import { writeSync } from 'node:fs'

const {
  program: file,
  how,
  call,
  counts,
  report,
  end,
  names,
  daysAhead,
  together,
} = JSON.parse(process.argv[2])
if (names) await ask(names)
const program = file && (await import(file))
const running = await program?.start(daysAhead ? { ...how, clock: ahead(daysAhead) } : how)
if (together) await word()
const calls = program?.callsOf(running)
for (let made = 0; made < counts; made++) calls?.[call]()
const reporting = report && program?.report?.(running)
if (report === 'awaited') await reporting
if (report === 'under way') await program?.underWay?.(running)
writeSync(1, `${process.hrtime.bigint()}\n`)
if (end === 'exit') process.exit()
await program?.shutdown(running)

function ahead(days) {
  return {
    now: () => Date.now() + days * 86_400_000,
    monotonic: () => performance.now(),
    after(delay, callback) {
      const timer = setTimeout(callback, delay).unref()
      return { cancel: () => clearTimeout(timer) }
    },
  }
}

async function word() {
  writeSync(1, 'ready\n')
  await once(process.stdin, 'data')
  process.stdin.destroy()
}

/** Resolves names with this server as `getaddrinfo` does: 5 seconds, twice. Only an administrator could configure the system so. */
async function ask(server) {
  const { default: dns } = await import('node:dns')
  dns.Resolver.prototype.getServers = () => [server]
  dns.lookup = (name, options, callback = options) => {
    const resolver = new dns.Resolver({ timeout: 5_000, maxTimeout: 5_000, tries: 2 })
    resolver.setServers([server])
    resolver.resolve4(name, (error) => {
      const code = error.code === dns.TIMEOUT ? 'EAI_AGAIN' : error.code
      callback(Object.assign(new Error(`getaddrinfo ${code} ${name}`), { code, syscall: 'getaddrinfo' }))
    })
  }
}
