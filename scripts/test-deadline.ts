/**
 * Loaded before each test file, and before the programs that inherit its arguments. A test process that goes on after its tests has left
 * something open, which a run of all tests would wait for: it fails and names what that is.
 */
const { tracingChannel } = process.getBuiltinModule('node:diagnostics_channel')

const minutes = Number(process.env['TEST_FILE_MINUTES'] ?? 10)
/** Time for what tests and suites do at their end, such as ending a server. */
const SECONDS_AFTER_TESTS = 45

failAfter(minutes * 60, `${minutes} minutes`)

let running = 0
let afterTests: NodeJS.Timeout | undefined
const tests = tracingChannel('node.test')
tests.start.subscribe(() => {
  running++
  clearTimeout(afterTests)
})
tests.end.subscribe(() => {
  running--
  if (running === 0) afterTests = failAfter(SECONDS_AFTER_TESTS, `${SECONDS_AFTER_TESTS} s after a test`)
})

function failAfter(seconds: number, time: string): NodeJS.Timeout {
  const fail = () => {
    const open = process.getActiveResourcesInfo().join(', ')
    console.error(`${process.argv[1]} still runs, ${time}. What it has open: ${open}.`)
    process.exit(1)
  }
  return setTimeout(fail, seconds * 1_000).unref()
}

// Node.js loses the handle of a connection that is reset during its shutdown, and then waits for it at the exit, forever and with a
// full core. `process.exit()` does not wait. This must be the last of all listeners.
process.once('beforeExit', () => process.once('exit', () => process.exit()))
