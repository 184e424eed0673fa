/**
 * What becomes of the installations of a fleet: when they begin and end, which releases they run, what they consent to, where they
 * are, how wrong their clocks are; and so which reports they send, and when these arrive.
 */
import { createRandom, type Random } from '../support/random.ts'
import { PRODUCTS, type Product, RELEASES } from './products.ts'
import { uuidFrom } from './uuid.ts'

export const SECOND = 1_000
export const HOUR = 3_600_000
export const DAY = 86_400_000

export interface FleetOptions {
  /** How many installations live at some time or other. */
  readonly installations: number
  /** How many days are simulated, 1 to 45. The last one is yesterday: the reports of today would be in the future. */
  readonly days: number
  /** The same seed gives the same fleet, whatever day it is. */
  readonly seed: number
  /** Milliseconds since 1970. */
  readonly now: number
}

/** The values of the facts, whether consent reaches them or not. */
export interface FactValues {
  readonly edition: string
  readonly dbVersion: string
  readonly clustered: boolean
  readonly storage: string
  readonly tables: number
  readonly users: number
  readonly starts: number
  readonly commands: readonly (readonly [command: string, result: string, amount: number])[]
}

/** A report that an installation makes. */
export interface FleetReport {
  readonly product: Product
  readonly release: string
  readonly reportId: string
  /** Absent in the identity mode `none`; then there is the age. */
  readonly id?: string
  readonly age?: string
  /** The id of the installation that this one is a copy of. */
  readonly lineage?: string
  /** By the clock of the installation, in milliseconds since 1970. */
  readonly at: number
  readonly consent: { readonly state: 'enabled' | 'undecided'; readonly level: 'basic' | 'full' }
  /** Facts that its operator withholds. */
  readonly excluded: readonly string[]
  readonly caller: Caller
  /** Absent in a request to be forgotten. */
  readonly facts?: FactValues
}

/** Where an installation calls from. */
export interface Caller {
  readonly address: string
  /** By the database that the Go tests of `origin` use. */
  readonly country: string
}

/** A report on its way, once for each copy of it. */
export interface Sending {
  readonly report: FleetReport
  /** By a right clock, in milliseconds since 1970. */
  readonly arrives: number
}

/** How often something happened in a fleet. */
export type Happened = Record<(typeof EVENTS)[number], number>

export const EVENTS = [
  'begun',
  'ended',
  'upgrades',
  'downgrades',
  'opt-outs',
  'opt-ins',
  'changes of level',
  'moves to another country',
  'forgotten',
  'copies of an installation',
  'clocks off by days',
  'clocks off by years',
  'clocks put right',
  'installations with several reports a day',
  'reports that came late',
  'reports that came again',
] as const

export interface Fleet {
  /** In the order of their arrival. */
  readonly sendings: readonly Sending[]
  readonly happened: Readonly<Happened>
}

export function liveFleet({ installations, days, seed, now }: FleetOptions): Fleet {
  const end = now - (now % DAY)
  const world: World = {
    random: createRandom('fleet', seed),
    start: end - days * DAY,
    end,
    now,
    happened: Object.fromEntries(EVENTS.map((event) => [event, 0])) as Happened,
  }
  const sendings: Sending[] = []
  for (let number = 0; number < installations; number++) sendings.push(...live(world))
  return { sendings: sendings.sort((a, b) => a.arrives - b.arrives), happened: world.happened }
}

interface World {
  readonly random: Random
  /** The simulated time. */
  readonly start: number
  readonly end: number
  readonly now: number
  readonly happened: Happened
  /** The last installation with an id that stays: what a copy can be a copy of. */
  neighbour?: string
}

/** The reports of one installation. */
function live(world: World): Sending[] {
  const { random, start, end, happened } = world
  const product = productOf(random)
  const began = random.chance(0.6)
    ? start - random.between(0, 400) * DAY
    : start + random.between(0, end - start)
  const ended = random.chance(0.25) ? random.between(Math.max(began, start), end) : end
  if (began >= start) happened.begun++
  if (ended < end) happened.ended++
  const perDay = random.one([1, 1, 1, 1, 1, 1, 1, 1, 2, 4])
  if (perDay > 1) happened['installations with several reports a day']++

  const identity = createIdentity(world, product)
  const clock = createClock(world)
  const releases = createReleases(world, Math.max(began, start))
  const isAway = random.one([0, 0.05, 0.3])
  const excluded = random.chance(0.05) ? ['acme.users'] : []
  let facts = firstFacts(random)
  let caller = callerFrom(random, random.one(COUNTRIES))
  let state: FleetReport['consent']['state'] = random.chance(0.3) ? 'undecided' : 'enabled'
  let level: FleetReport['consent']['level'] = random.chance(0.6) ? 'full' : 'basic'
  let isOut = random.chance(0.1)
  let sendings: Way[] = []

  /** What waits in the outbox is emptied by a no; what has left, and its copies, are on their way. */
  const emptyOutbox = (at: number) => {
    sendings = sendings.filter(({ isCopy, arrives }) => isCopy || arrives <= at)
  }
  const report = (at: number, values?: FactValues) => {
    const said = clock.says(at)
    const one: FleetReport = {
      ...identity.at(at, began),
      ...{ product, release: releases.current(), at: said, reportId: uuidFrom(random, 7, said) },
      ...{ consent: { state, level }, excluded, caller, ...(values && { facts: values }) },
    }
    sendings.push(...waysOf(world, one, at))
  }

  const step = DAY / perDay
  const first = Math.max(began, start) + random.between(0, step / SECOND - 1) * SECOND
  for (let moment = first; moment < ended; moment += step) {
    const at = moment + random.between(0, 1_799) * SECOND
    if (random.chance(isOut ? 0.04 : 0.006)) {
      isOut = !isOut
      happened[isOut ? 'opt-outs' : 'opt-ins']++
      if (isOut) emptyOutbox(at)
      else state = 'enabled'
    }
    if (identity.canBeForgotten && !isOut && random.chance(0.002)) {
      emptyOutbox(at)
      report(at)
      happened.forgotten++
      identity.renew()
      isOut = random.chance(0.5)
      continue
    }
    if (random.chance(0.003)) {
      level = level === 'full' ? 'basic' : 'full'
      happened['changes of level']++
    }
    if (random.chance(0.003)) {
      caller = callerFrom(random, random.one(COUNTRIES.filter(({ country }) => country !== caller.country)))
      happened['moves to another country']++
    }
    releases.pass(at)
    clock.pass()
    facts = nextFacts(random, facts)
    if (!isOut && !random.chance(isAway)) report(at, facts)
  }
  return sendings
}

/** A copy of a report: that of a proxy, or one that was sent again because the answer was lost. */
type Way = Sending & { readonly isCopy: boolean }

function waysOf({ random, happened }: World, report: FleetReport, at: number): Way[] {
  const isLate = random.chance(0.05)
  if (isLate) happened['reports that came late']++
  const arrives = at + (isLate ? random.between(HOUR, 5 * DAY) : random.between(0, 30 * SECOND))
  const copies = random.chance(0.03) ? random.between(1, 3) : 0
  if (copies > 0) happened['reports that came again']++
  const again = () => arrives + (random.chance(0.5) ? random.between(0, HOUR) : random.between(0, 3 * DAY))
  return [
    { report, arrives, isCopy: false },
    ...Array.from({ length: copies }, () => ({ report, arrives: again(), isCopy: true })),
  ]
}

function productOf(random: Random): Product {
  const [database, cache, tool] = PRODUCTS
  if (random.chance(database.share)) return database
  return random.chance(cache.share / (cache.share + tool.share)) ? cache : tool
}

const PERIOD = 7 * DAY

/** Who the reports say that they are from. */
function createIdentity(world: World, { identity }: Product) {
  const { random, start, happened } = world
  const original = identity === 'stable' && random.chance(0.02) ? world.neighbour : undefined
  if (original !== undefined) happened['copies of an installation']++
  const offset = random.between(0, PERIOD)
  let id = uuidFrom(random, 4)
  let lineage = original
  let ids = new Map<number, string>()
  if (identity === 'stable') world.neighbour = id

  const idOfPeriod = (at: number) => {
    const period = Math.floor((at - start + offset) / PERIOD)
    const known = ids.get(period) ?? uuidFrom(random, 8)
    ids.set(period, known)
    return known
  }
  return {
    /** Without an id there is nothing that the receiver could find. */
    canBeForgotten: identity !== 'none',
    at(at: number, began: number): Pick<FleetReport, 'id' | 'age' | 'lineage'> {
      if (identity === 'none') return { age: ageOf((at - began) / DAY) }
      if (identity === 'rotating') return { id: idOfPeriod(at) }
      return { id, ...(lineage !== undefined && { lineage }) }
    },
    renew() {
      id = uuidFrom(random, 4)
      lineage = undefined
      ids = new Map()
    },
  }
}

function ageOf(days: number): string {
  if (days < 1) return 'day'
  if (days < 7) return 'week'
  if (days < 30) return 'month'
  return days < 183 ? 'half-year' : 'older'
}

/** The clock of an installation. No two of its reports are of the same second: the store orders those by chance. */
function createClock({ random, now, happened }: World) {
  let offset = 0
  if (random.chance(0.02)) {
    offset = random.one([-40, -3, -1, 1, 2, 3]) * DAY
    happened['clocks off by days']++
  } else if (random.chance(0.015)) {
    offset = random.one([-56, -7, 16]) * 365 * DAY
    happened['clocks off by years']++
  }
  const used = new Set<number>()
  return {
    pass() {
      if (offset === 0 || !random.chance(0.02)) return
      offset = 0
      happened['clocks put right']++
    },
    says(at: number): number {
      let second = Math.floor((at + offset) / SECOND)
      // A day ahead of the gateway's clock its time of arrival begins to count: nothing is sent from just there, because a run
      // takes a while.
      if (Math.abs(second * SECOND - (now + DAY)) < HOUR) second -= 7_200
      while (used.has(second)) second++
      used.add(second)
      return second * SECOND + random.between(0, 999)
    },
  }
}

function createReleases({ random, start, end, happened }: World, began: number) {
  const newest = (at: number) =>
    RELEASES.findLastIndex(([, share]) => at >= start + share * (end - start) || share === 0)
  /** How soon it is upgraded, by report. */
  const eagerness = random.one([0, 0.05, 0.15, 0.7])
  let running = Math.max(0, newest(began) - random.one([0, 0, 1, 2]))
  return {
    current: () => RELEASES[running]?.[0] as string,
    pass(at: number) {
      if (running > 0 && random.chance(0.004)) {
        running--
        happened.downgrades++
      } else if (running < newest(at) && random.chance(eagerness)) {
        running = newest(at)
        happened.upgrades++
      }
    },
  }
}

const COUNTRIES = [
  { net: '127.1', country: 'DE' },
  { net: '127.2', country: 'FR' },
  { net: '127.3', country: 'BR' },
  { net: '127.200', country: '' },
] as const

const callerFrom = (random: Random, { net, country }: (typeof COUNTRIES)[number]): Caller => ({
  address: `${net}.${random.between(0, 255)}.${random.between(1, 254)}`,
  country,
})

const firstFacts = (random: Random): FactValues => ({
  edition: random.one(['community', 'community', 'community', 'team', 'enterprise']),
  dbVersion: random.one(['13.11', '14.8', '15.2', '15.2', '16.0']),
  clustered: random.chance(0.2),
  storage: random.one(['heap', 'columns', 'memory']),
  tables: random.between(0, 40),
  users: random.one([0, 1, 3, 10, 100, 5_000]),
  starts: 1,
  commands: [],
})

/** Counts are those since the last report; what comes to nothing is not reported. */
function nextFacts(random: Random, facts: FactValues): FactValues {
  return {
    ...facts,
    ...(random.chance(0.01) && { dbVersion: random.one(['15.2', '16.0', '16.1']) }),
    ...(random.chance(0.01) && { edition: random.one(['team', 'enterprise']) }),
    tables: Math.max(0, facts.tables + random.one([-1, 0, 0, 0, 1, 2])),
    users: Math.max(0, facts.users + random.between(-3, 4)),
    starts: random.one([0, 0, 0, 1, 2]),
    commands: [
      ['find', 'ok', random.between(0, 5_000)],
      ['insert', 'ok', random.between(0, 400)],
      ['insert', 'error', random.one([0, 0, 1, 9])],
    ],
  }
}
