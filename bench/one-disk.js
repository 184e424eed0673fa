/**
 * Runs a host for days by a fake clock, to measure the writes to its state directory. The argument is JSON: `program`, the file; `how`, the
 * argument of its `start`; `layer`, `true` to count the calls here if no tracer does. Prints the name of each phase before it begins, and
 * the counts at the end.
 */
import { writeSync } from 'node:fs'
import * as files from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'

const MINUTE = 60_000
/** Pauses after a turn of the fake clock, in milliseconds by the real clock: for no work, for persisting counts, for a report. */
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

/** Advances the clock by five minutes at a time, until the due report was made. */
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

/** File functions of a store that record their changes. */
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
