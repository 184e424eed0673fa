/**
 * The fleet: `npm run fleet` simulates installations, sends their reports through a real gateway into a real ClickHouse, and compares
 * the store's answers with the sent reports. Prints a table, and ends with 1 if anything differs.
 *
 *   --installations N  number of installations during the whole time; default 10,000
 *   --days N           number of days up to yesterday, 1 to 45; default 30
 *   --seed N           seed of the simulation
 *   --connections N    number of reports that are sent at a time; default 64
 */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { playFleet } from '../test/fleet/play.ts'
import { tell } from '../test/fleet/tell.ts'

const { values } = parseArgs({
  options: {
    installations: { type: 'string', default: '10000' },
    days: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    connections: { type: 'string', default: '64' },
  },
})
const [installations, days, seed, connections] = [
  whole('installations', 1, 1_000_000),
  whole('days', 1, 45),
  whole('seed', 0, 2 ** 32 - 1),
  whole('connections', 1, 1_000),
]

const began = performance.now()
const directory = await mkdtemp(path.join(os.tmpdir(), 'otel-usage-fleet-'))
const ends: (() => unknown)[] = []

const code = await Promise.race([play(), interrupted()]).finally(cleanUp)
process.exit(code)

async function play(): Promise<number> {
  const t = { after: (end?: unknown) => void ends.unshift(end as () => unknown), diagnostic: say }
  const played = await playFleet(t, { directory, installations, days, seed, connections, say })
  console.log(tell(played, performance.now() - began))
  return [...played.compared, ...played.rebuilt.compared].every(({ differences }) => differences.length === 0)
    ? 0
    : 1
}

function say(text: string): void {
  console.error(`${Math.round((performance.now() - began) / 1_000)} s: ${text}`)
}

/** Exit code of a process that a signal has ended. */
function interrupted(): Promise<number> {
  return new Promise((resolve) => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      process.once(signal, () => {
        say(`ended by ${signal}`)
        resolve(code)
      })
    }
  })
}

/** Stops everything, the last started first, and deletes its files. */
async function cleanUp(): Promise<void> {
  for (const end of ends) await end()
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
}

function whole(name: keyof typeof values, least: number, most: number): number {
  const number = Number(values[name])
  if (Number.isInteger(number) && number >= least && number <= most) return number
  console.error(`--${name} is '${values[name]}'; use a whole number from ${least} to ${most}.`)
  process.exit(1)
}
