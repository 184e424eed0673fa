/**
 * Measures calls of a program in a fresh process. The argument is JSON: `program`, the file; `measure`, one of those below; `how`, the
 * argument of the program's `start`; `call`, the name of the call. Prints one line of JSON. Plain JavaScript, so that the measurement
 * contains no TypeScript loader.
 */
/** Number of calls over which the bytes are averaged. */
const CALLS = 10_000_000

const { program: file, measure, how, call } = JSON.parse(process.argv[2])
const program = await import(file)
const result = await { call: callTime, bytes, pause, size }[measure]()
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit())

/** Measures one call in nanoseconds, in batches, with one turn of the event loop after each batch for its remaining work. */
async function callTime() {
  const run = await theCall()
  const batch = async (calls) => {
    const started = process.hrtime.bigint()
    for (let made = 0; made < calls; made++) run()
    await new Promise(setImmediate)
    return Number(process.hrtime.bigint() - started) / calls
  }
  // Batches of about 20 ms; longer ones give the same result.
  let calls = 1
  for (let time = 0; time < 2e7 && calls < 2_000_000; calls *= 2) time = (await batch(calls)) * calls
  const times = []
  for (let round = 0; round < 7; round++) times.push(await batch(calls))
  return times.toSorted((a, b) => a - b)[3]
}

/** Measures bytes of the JavaScript heap for one call, over ten million calls: those that remain, and those that were collected. */
async function bytes() {
  const { GCProfiler, getHeapStatistics } = await import('node:v8')
  const run = await theCall()
  for (let made = 0; made < 1_000_000; made++) run()
  const profiler = new GCProfiler()
  globalThis.gc()
  profiler.start()
  const before = getHeapStatistics().used_heap_size
  for (let made = 0; made < CALLS; made++) run()
  const after = getHeapStatistics().used_heap_size
  const collected = profiler
    .stop()
    .statistics.map(
      ({ beforeGC, afterGC }) => beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
    )
  return (after - before + collected.reduce((sum, size) => sum + size, 0)) / CALLS
}

/** Measures the longest time between two turns of the event loop during the call, in milliseconds: the median of several. */
async function pause() {
  const run = await theCall()
  for (let round = 0; round < 3; round++) await longestPause(run)
  const pauses = []
  for (let round = 0; round < 15; round++) pauses.push(await longestPause(run))
  return pauses.toSorted((a, b) => a - b)[7]
}

/** Measures the size of the report of the call, uncompressed and as it is sent. */
async function size() {
  const { gzipSync } = await import('node:zlib')
  const { bytes } = await (await theCall())()
  return { plain: bytes.length, packed: gzipSync(bytes).length }
}

async function longestPause(run) {
  let longest = 0
  let last = 0
  let going = true
  const turn = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (going) setImmediate(turn)
  }
  await new Promise(setImmediate)
  last = performance.now()
  setImmediate(turn)
  await run()
  await new Promise(setImmediate)
  going = false
  return longest
}

async function theCall() {
  return program.callsOf(await program.start(how))[call]
}
