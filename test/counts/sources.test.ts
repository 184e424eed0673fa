/**
 * Totals of sources by name, held against a naive oracle: it keeps every observation that has reached the store, and adds up what each
 * source has grown by. Random histories of agents that are killed, end, stand still and merge, and of reports that are refused.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMemoryStore, defineCatalog } from '../../src/index.ts'
import { decideConsent } from '../../src/library/consent/index.ts'
import {
  createAcknowledgements,
  createLocalCounter,
  createOutbox,
  createReportLog,
  isMerge,
  isReport,
} from '../../src/library/counts/log.ts'
import { mergeEndedCounters } from '../../src/library/counts/merge.ts'
import { createFactStores } from '../../src/library/facts/index.ts'

const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: { 'acme.jobs': { kind: 'count', unit: '{job}', since: 1, why: 'Shows what is used.' } },
})
const KEY = 'acme.jobs{}'
const verdict = decideConsent({ default: 'enabled', prefix: 'ACME', levels: ['full'], environment: {} })
const HOUR = 3_600_000
const AGENTS = 2

interface Observation {
  readonly total: number
  readonly since: number | undefined
}

/** A source, and what of it has reached the store. */
interface Source {
  total: number
  since: number
  readonly survived: Observation[]
}

/** Returns what a source has grown by, over its observations. */
function growthOver(observations: readonly Observation[]): number {
  let grown = 0
  let last: Observation | undefined
  for (const next of observations) {
    if (last) {
      const isLater = next.since !== undefined && last.since !== undefined && next.since > last.since
      grown += isLater || next.total < last.total ? next.total : next.total - last.total
    }
    last = next
  }
  return grown
}

/** Returns the same for observations that several agents have made: the largest total of each run. */
function growthOfRuns(observations: readonly Observation[]): number {
  const runs = new Map<number | undefined, number>()
  for (const { since, total } of observations) runs.set(since, Math.max(runs.get(since) ?? 0, total))
  return [...runs.values()].reduce((sum, total) => sum + total, 0)
}

function createHistory(says: boolean, sourcesCount: number, isShared = false) {
  const state = createMemoryStore()
  let now = Date.UTC(2026, 0, 1)
  const clock = { now: () => now, monotonic: () => now, after: () => ({ cancel() {} }) }
  const sources: Source[] = Array.from({ length: sourcesCount }, () => ({ total: 0, since: 1, survived: [] }))
  let carried = 0
  const waiting: number[] = []

  function createAgent() {
    let seen: Array<[Source, Observation]> = []
    const born = () => {
      const stores = createFactStores(catalog, undefined, clock.now)
      const runs = () => stores.runs(() => true)
      const local = createLocalCounter({ store: state, clock, totals: () => new Map(), runs })
      local.applyVerdict(verdict)
      return { stores, local, log: createReportLog({ state, clock, catalog: () => catalog, local }) }
    }
    let { stores, local, log } = born()

    async function persist(ended = false) {
      await local.persist({ ended })
      for (const [source, observation] of seen) source.survived.push(observation)
      seen = []
    }

    return {
      observe(index: number) {
        const source = sources[index] as Source
        const since = says ? source.since : undefined
        stores.all[0]?.counts.get('acme.jobs')?.observe(`source ${index}`, { total: source.total, since })
        seen.push([source, { total: source.total, since }])
      },
      persist: () => persist(),
      /** Says that it has ended, and goes on: it is started again. */
      shutdown: () => persist(true),
      crash() {
        seen = []
        ;({ stores, local, log } = born())
      },
      async end() {
        await persist(true)
        this.crash()
      },
      async report() {
        await log.prepare()
        await persist()
        const observed = { observed: new Map(), isWithheld: () => false }
        const pending = await log.pending({ asPersisted: true, observed, verdict })
        const reported = pending.reported.get(KEY) ?? 0
        const growth = isShared ? growthOfRuns : growthOver
        const expected = sources.reduce((sum, { survived }) => sum + growth(survived), 0) - carried
        // A run of which another agent writes more after a later one was reported is overtaken.
        const mayLose = isShared && sources.some(({ since }) => since !== 1)
        assert.ok(mayLose ? reported <= expected : reported === expected, `${reported}, not ${expected}`)
        const bytes = new TextEncoder().encode('{}')
        assert.equal(await log.accept({ reportId: `${now}`, at: now, bytes }, pending), undefined)
        carried += reported
        waiting.push(reported)
      },
      async outcome(isDelivered: boolean) {
        const [inStore] = log.backends
        const last = (await inStore?.lastOutcome()) ?? 0
        for (const number of (await inStore?.outbox.numbers()) ?? []) {
          if (number <= last) continue
          const entry = await inStore?.outbox.read(number)
          if (isMerge(entry)) {
            await inStore?.recordOutcome({ number, merged: entry.merged }, verdict)
            continue
          }
          assert.ok(isReport(entry))
          const { at, totalsSince, share, sources } = entry
          await inStore?.recordOutcome(
            { number, at, sources, ...(isDelivered && { totalsSince, share }) },
            verdict,
          )
          const amount = waiting.shift() ?? 0
          if (!isDelivered) carried -= amount
          return
        }
      },
      merge: () =>
        mergeEndedCounters({
          ...{ state, clock, outbox: createOutbox(state), minimum: 1 },
          acknowledgements: createAcknowledgements(state),
        }),
    }
  }

  return {
    sources,
    agents: Array.from({ length: AGENTS }, createAgent),
    get waits() {
      return waiting.length > 0
    },
    pass(milliseconds: number) {
      now += milliseconds
    },
    now: () => now,
  }
}

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ does: fc.constant('observe' as const), source: fc.nat(2), grows: fc.nat(9) }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('begin again' as const), source: fc.nat(2) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constantFrom(
        'report' as const,
        'persist' as const,
        'crash' as const,
        'end' as const,
        'shutdown' as const,
        'merge' as const,
      ),
      by: fc.nat(AGENTS - 1),
    }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('outcome' as const), isDelivered: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('pass' as const), hours: fc.constantFrom(1, 30, 80) }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

async function play(steps: readonly Step[], says: boolean, isShared = false): Promise<void> {
  const history = createHistory(says, 3, isShared)
  const { sources, agents } = history
  let turn = 0
  // A source belongs to one agent, over all of its lives, unless all agents observe all of them.
  const agentOf = (source: number) => agents[(isShared ? turn++ : source) % AGENTS]!
  for (const index of sources.keys()) agentOf(index).observe(index)
  for (const agent of agents) {
    history.pass(1_000)
    await agent.report()
  }
  for (const one of steps) {
    history.pass(1_000)
    if (one.does === 'observe') {
      sources[one.source]!.total += one.grows
      agentOf(one.source).observe(one.source)
    } else if (one.does === 'begin again')
      Object.assign(sources[one.source]!, { total: 0, since: history.now() })
    else if (one.does === 'pass') history.pass(one.hours * HOUR)
    else if (one.does === 'outcome') await agents[0]?.outcome(one.isDelivered)
    else await agents[one.by]?.[one.does]()
  }
  for (let round = 0; round < 2; round++)
    for (const agent of agents) {
      history.pass(1_000)
      await agent.report()
      while (history.waits) await agent.outcome(true)
    }
}

const observe = (source: number, grows: number) => ({ does: 'observe', source, grows }) as Step
const beginAgain = (source: number) => ({ does: 'begin again', source }) as Step
const at = (by: number, does: 'report' | 'persist' | 'crash' | 'end' | 'shutdown' | 'merge') =>
  ({ does, by }) as Step
const outcome = (isDelivered: boolean) => ({ does: 'outcome', isDelivered }) as Step

/** Histories that show why a step is there. */
const HISTORIES: Readonly<Record<string, readonly Step[]>> = {
  'an agent is killed after it has written': [
    observe(0, 5),
    at(0, 'persist'),
    at(0, 'crash'),
    observe(0, 3),
    at(1, 'report'),
  ],
  'an agent is killed before it has written': [observe(0, 5), at(0, 'crash'), observe(0, 3), at(0, 'report')],
  'a source begins again while no agent looks': [
    ...[
      observe(0, 9),
      at(0, 'end'),
      beginAgain(0),
      observe(0, 2),
      at(1, 'report'),
      observe(0, 9),
      at(0, 'report'),
    ],
  ],
  'a source begins again between two reports of others': [
    ...[observe(0, 9), at(1, 'report'), beginAgain(0), observe(0, 2), at(0, 'persist'), at(1, 'report')],
    ...[observe(0, 3), at(0, 'persist'), at(1, 'report')],
  ],
  'runs of an ended agent are merged before they are reported': [
    ...[
      observe(0, 9),
      at(0, 'end'),
      at(1, 'merge'),
      observe(0, 2),
      at(0, 'end'),
      at(1, 'merge'),
      at(1, 'report'),
    ],
  ],
  'merged runs stay until they are reported': [
    ...[
      observe(0, 9),
      at(0, 'end'),
      at(1, 'merge'),
      observe(1, 1),
      at(1, 'end'),
      at(0, 'merge'),
      at(0, 'report'),
    ],
  ],
  'the entry of an ended agent goes when everything of it is delivered': [
    ...[
      observe(0, 9),
      at(0, 'end'),
      at(1, 'report'),
      outcome(true),
      outcome(true),
      outcome(true),
      at(1, 'report'),
    ],
    ...[outcome(true), observe(0, 1), at(0, 'report')],
  ],
  'an agent counts on after its shutdown': [
    observe(0, 9),
    at(0, 'shutdown'),
    observe(0, 2),
    at(0, 'report'),
    at(1, 'report'),
  ],
}

for (const says of [true, false]) {
  const kind = says ? 'that say when they began' : 'that do not say when they began'
  for (const [name, steps] of Object.entries(HISTORIES))
    test(`sources ${kind}: ${name}`, () => play(steps, says))

  test(`the next report carries what sources ${kind} have grown by, and nothing twice, whatever has happened before`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50 }), (steps) => play(steps, says)),
      { numRuns: 150 },
    )
  })
}

test('two agents that observe the same sources count nothing twice, and all of a source that does not begin again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50 }), (steps) => play(steps, true, true)),
    { numRuns: 150 },
  )
})

test('where another user has written the baselines, what is stored of the sources counts as delivered, and the rest is counted', async () => {
  const memory = createMemoryStore()
  const clock = { now: () => now, monotonic: () => now, after: () => ({ cancel() {} }) }
  let now = Date.UTC(2026, 0, 1)
  let hidden = ''
  const state = {
    ...memory,
    async read(name: string) {
      if (name === hidden) throw Object.assign(new Error('permission denied'), { code: 'EACCES' })
      return memory.read(name)
    },
    async write(name: string, data: string | Uint8Array) {
      await memory.write(name, data)
      if (name === hidden) hidden = ''
    },
  }
  const stores = createFactStores(catalog, undefined, clock.now)
  const runs = () => stores.runs(() => true)
  const local = createLocalCounter({ store: state, clock, totals: () => new Map(), runs })
  local.applyVerdict(verdict)
  const log = createReportLog({ state, clock, catalog: () => catalog, local })
  const observe = (total: number) => {
    now += 1_000
    stores.all[0]?.counts.get('acme.jobs')?.observe('a', { total })
  }
  const pending = async () => {
    await log.prepare()
    await local.persist()
    const observed = { observed: new Map(), isWithheld: () => false }
    return log.pending({ asPersisted: true, observed, verdict })
  }
  observe(5)
  observe(9)
  const first = await pending()
  assert.equal(first.reported.get(KEY), 4)
  const bytes = new TextEncoder().encode('{}')
  assert.equal(await log.accept({ reportId: 'first', at: now, bytes }, first), undefined)
  const { share, sources, totalsSince, number } = first
  await log.backends[0]?.recordOutcome({ number, at: now, share, sources, totalsSince }, verdict)
  hidden = 'acknowledged/0000000001.json'
  assert.equal((await pending()).reported.get(KEY), undefined)
  observe(12)
  assert.equal((await pending()).reported.get(KEY), 3)
})
