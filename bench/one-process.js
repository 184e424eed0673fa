/**
 * Calls of a program in a fresh process. Its one argument says what to do, as JSON: `program`, the file; `measure`, one of those below;
 * `how`, what the program's `start` gets; `call`, which of its calls. Prints one line of JSON. Plain JavaScript, so that
 * nothing that reads TypeScript is part of what is measured.
 */
/** What the bytes of one call are an average of. */
const CALLS = 10_000_000

const { program: file, measure, how, call } = JSON.parse(process.argv[2])
const program = await import(file)
const result = await { call: callTime, bytes, pause, size }[measure]()
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit())

/** Nanoseconds for one call in a batch, and one turn of the event loop behind each batch for what it leaves behind. */
async function callTime() {
  const run = await theCall()
  const batch = async (calls) => {
    const started = process.hrtime.bigint()
    for (let made = 0; made < calls; made++) run()
    await new Promise(setImmediate)
    return Number(process.hrtime.bigint() - started) / calls
  }
  // As many as take about 20 ms; more would tell the same.
  let calls = 1
  for (let time = 0; time < 2e7 && calls < 2_000_000; calls *= 2) time = (await batch(calls)) * calls
  const times = []
  for (let round = 0; round < 7; round++) times.push(await batch(calls))
  return times.toSorted((a, b) => a - b)[3]
}

/** Bytes of the JavaScript heap for one call, over ten million: what is there afterwards, and what was collected meanwhile. */
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

/** The longest time between two turns of the event loop while the call is under way, in milliseconds: the median of several. */
async function pause() {
  const run = await theCall()
  for (let round = 0; round < 3; round++) await longestPause(run)
  const pauses = []
  for (let round = 0; round < 15; round++) pauses.push(await longestPause(run))
  return pauses.toSorted((a, b) => a - b)[7]
}

/** How large the report is that the call makes, as it is and as it goes over the wire. */
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
