/**
 * Measures one start of a program, or of no program, in a fresh process, in milliseconds of processor time and megabytes. Passed to Node.js as text with
 * `--eval`, so that a bare Node.js loads no file at all. The argument is JSON: `program`, the file, and `how`, the argument of its `start`.
 */
const { program: file, how } = JSON.parse(process.argv[1])
const program = file ? await import(file) : undefined
const before = process.memoryUsage()
const started = process.cpuUsage()
await program?.start(how)
const { user, system } = process.cpuUsage(started)
const time = (user + system) / 1e3
const { rss, heapUsed, external } = process.memoryUsage()
const heap = (heapUsed + external - before.heapUsed - before.external) / 1e6
const result = { time, heap, rss: rss / 1e6, own: ownMemory() }
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit())

/** Returns the memory that no other process shares: everything but the pages of the executable file. Known on Linux only. */
function ownMemory() {
  try {
    const status = process.getBuiltinModule('node:fs').readFileSync('/proc/self/status', 'utf8')
    return (Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1e6
  } catch {
    return undefined
  }
}
