/**
 * A host that lives for days, and what it does to its state directory. Its one argument, as JSON: `program`, the file; `how`, what its
 * `start` gets; `layer`, whether the calls are counted in here, because nobody traces them. A line before each phase says its name,
 * and one at the end what was counted.
 */
import { writeSync } from 'node:fs'
import * as files from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'

const MINUTE = 60_000
/** Until what the clock has set off has come to its end, in milliseconds by the real clock: nothing, what was counted, a report. */
const [IDLE, KEPT, REPORTED] = [5, 300, 1_500]

const { program: file, how, layer } = JSON.parse(process.argv[2])
const { callsOf, start } = await import(file)
const { createDirectoryStore } = await import('otel-usage')
const clock = createClock()
const calls = []
let current

phase('first start')
let usage = await begin()
phase('first report')
await untilReported()
phase('hour')
for (let five = 0; five < 12; five++) {
  callsOf(usage).api()
  await turn(5 * MINUTE, KEPT)
}
phase('report')
await untilReported()
phase('idle day')
await untilReported()
phase('end')
callsOf(usage).api()
await usage.shutdown()
phase('start')
usage = await begin()
phase('idle end')
await usage.shutdown()
phase('')
writeSync(1, `${JSON.stringify(calls)}\n`)
process.exit()

function begin() {
  const directory = layer ? createDirectoryStore(how.directory, counted()) : how.directory
  return start({ ...how, directory, clock })
}

function phase(name) {
  current = name
  writeSync(1, `phase ${name}\n`)
}

/** Five minutes after the other, until the report that is due has been made. */
async function untilReported() {
  const due = Date.parse((await usage.status()).nextReportAt)
  while (clock.now() + 5 * MINUTE < due) await turn(5 * MINUTE, IDLE)
  await turn(due - clock.now(), REPORTED)
}

async function turn(milliseconds, pause) {
  clock.turn(milliseconds)
  await setTimeout(pause)
}

function createClock() {
  const began = Date.now()
  let elapsed = 0
  let timers = []
  return {
    now: () => began + elapsed,
    monotonic: () => elapsed,
    after(delay, callback) {
      const timer = { at: elapsed + delay, callback }
      timers.push(timer)
      return {
        cancel() {
          timers = timers.filter((other) => other !== timer)
        },
      }
    },
    turn(milliseconds) {
      elapsed += milliseconds
      const due = timers.filter(({ at }) => at <= elapsed)
      timers = timers.filter(({ at }) => at > elapsed)
      for (const { callback } of due) callback()
    },
  }
}

/** The file functions that a store uses; what they change is put down. */
function counted() {
  const note = (name, bytes = 0) => calls.push({ phase: current, name, bytes })
  const noting = (name, action) => async (one, other) => {
    await action(one, other)
    note(name)
  }
  return {
    ...files,
    ...{
      rename: noting('rename', files.rename),
      link: noting('link', files.link),
      unlink: noting('unlink', files.unlink),
    },
    async open(name, flags, mode) {
      const handle = await files.open(name, flags, mode)
      if (flags !== 'r') note('open')
      const [writeFile, sync] = [handle.writeFile.bind(handle), handle.sync.bind(handle)]
      return Object.assign(handle, {
        writeFile(data) {
          note('write', Buffer.byteLength(data))
          return writeFile(data)
        },
        sync() {
          note('fsync')
          return sync()
        },
      })
    },
  }
}
