/** How much memory a million distinct values take, by the way in which they are handed in: `node --expose-gc million.ts`. */
import { createProduct, type Product } from './product.ts'

const MANY = 1_000_000

/** Values that there have not been before. */
const distinct = (index: number) => ({ user: index, code: `code-${index}`, kind: `kind-${index}` })

function used(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

function repeat(give: (index: number) => void): void {
  for (let index = 0; index < MANY; index++) give(index)
}

const WAYS: Readonly<Record<string, (usage: Product) => unknown>> = {
  'set, texts': (usage) => repeat((index) => usage.set('acme.note', `note-${index}`)),
  'set, functions': (usage) => repeat((index) => usage.set('acme.note', () => `note-${index}`)),
  'set, names': (usage) => repeat((index) => usage.set(`acme.n${index}` as never, 1 as never)),
  'counter().add': (usage) =>
    repeat((index) => usage.counter('acme.errors').add(1, distinct(index) as never)),
  'counter().add, keys': (usage) =>
    repeat((index) => usage.counter('acme.errors').add(1, { [`key${index}`]: index } as never)),
  'counter().bind': (usage) => repeat((index) => usage.counter('acme.errors').bind(distinct(index) as never)),
  'counter(), names': (usage) =>
    repeat((index) => usage.counter(`acme.n${index}` as never).add(1, {} as never)),
  use: (usage) => repeat((index) => usage.use({ sources: { 'acme.note': () => `note-${index}` } })),
  gauge: (usage) => {
    const gauge = usage.getMeter('m').createGauge('acme.caches')
    repeat((index) => gauge.record(index, distinct(index)))
  },
  counter: (usage) => {
    const counter = usage.getMeter('m').createCounter('acme.errors')
    repeat((index) => counter.add(1, distinct(index)))
  },
  'counters, names': (usage) => repeat((index) => usage.getMeter('m').createCounter(`acme.n${index}`).add(1)),
  'observable gauges, names': (usage) =>
    repeat((index) => usage.getMeter('m').createObservableGauge(`acme.n${index}`)),
}

/** Observes a million times in one callback, and tells what that has taken before the callback has ended. */
const OBSERVED: Readonly<Record<string, (usage: Product, done: () => void) => unknown>> = {
  'observable gauge': (usage, done) =>
    usage
      .getMeter('m')
      .createObservableGauge('acme.caches')
      .addCallback((result) => {
        repeat((index) => result.observe(index, distinct(index)))
        done()
      }),
  'observable counter': (usage, done) =>
    usage
      .getMeter('m')
      .createObservableCounter('acme.errors')
      .addCallback((result) => {
        repeat((index) => result.observe(index, distinct(index)))
        done()
      }),
  'batch callback': (usage, done) => {
    const caches = usage.getMeter('m').createObservableGauge('acme.caches')
    usage.getMeter('m').addBatchObservableCallback(
      (result) => {
        repeat((index) => result.observe(caches, index, distinct(index)))
        done()
      },
      [caches],
    )
  },
}

const grown: Record<string, number> = {}
// What a report loads is loaded, so that only the values are measured.
await createProduct().preview()

for (const [name, give] of Object.entries(WAYS)) {
  const usage = createProduct()
  const before = used()
  give(usage)
  await usage.preview()
  grown[name] = used() - before
}

for (const [name, observe] of Object.entries(OBSERVED)) {
  const usage = createProduct()
  const before = used()
  observe(usage, () => {
    grown[`${name}, while it observes`] = used() - before
  })
  await usage.preview()
  grown[name] = used() - before
}

{
  const usage = createProduct()
  let kept: ((value: number, attributes: Record<string, unknown>) => void) | undefined
  usage
    .getMeter('m')
    .createObservableGauge('acme.caches')
    .addCallback((result) => {
      kept = result.observe as typeof kept
    })
  await usage.preview()
  const before = used()
  repeat((index) => kept?.(index, distinct(index)))
  grown['an observer that is kept after its callback has ended'] = used() - before
}

process.stdout.write(JSON.stringify(grown))
