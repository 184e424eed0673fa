/**
 * Loaded before each test file: a file whose process is still there when all of its tests are long over has left something
 * open. It fails and says what, instead of keeping everybody waiting.
 */
const minutes = Number(process.env['TEST_FILE_MINUTES'] ?? 10)

setTimeout(() => {
  const open = process.getActiveResourcesInfo().join(', ')
  console.error(`${process.argv[1]} is still there after ${minutes} minutes. What it has open: ${open}.`)
  process.exit(1)
}, minutes * 60_000).unref()

// Node.js loses the handle of a connection that is reset while it is being shut down, and then waits for it in the very
// end, for ever and with a full core. An exit that somebody asks for does not wait. Last of all listeners.
process.once('beforeExit', () => process.once('exit', () => process.exit()))
