/**
 * Loaded before each test file. A process that still runs long after the end of its tests has left something open: it fails and names
 * that, instead of running forever.
 */
const minutes = Number(process.env['TEST_FILE_MINUTES'] ?? 10)

setTimeout(() => {
  const open = process.getActiveResourcesInfo().join(', ')
  console.error(`${process.argv[1]} is still there after ${minutes} minutes. What it has open: ${open}.`)
  process.exit(1)
}, minutes * 60_000).unref()

// Node.js loses the handle of a connection that is reset during its shutdown, and then waits for it at the exit, forever and with a
// full core. `process.exit()` does not wait. This must be the last of all listeners.
process.once('beforeExit', () => process.once('exit', () => process.exit()))
