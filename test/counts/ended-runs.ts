/** What runs that have ended leave in a state store, and a receiver that sums what arrives of it. */
import { randomUUID } from 'node:crypto'
import type { StateStore, UsageTelemetry } from '../../src/index.ts'
import { createAcknowledgements, createOutbox } from '../../src/library/counts/log.ts'
import { mergeEndedCounters } from '../../src/library/counts/merge.ts'
import type { AcmeFacts } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { attributesOf, numbersOf, startReceiver } from '../support/receiver.ts'

const FIND = { command: 'find', result: 'ok' } as const
const COUNT = 'acme.commands{command=find,result=ok}'
export const count = (usage: UsageTelemetry<AcmeFacts>, amount: number) =>
  usage.counter('acme.commands').add(amount, FIND)

/** What runs that have ended leave: an entry each, with one event. */
export async function leave(state: StateStore, runs: number, about: object = {}): Promise<void> {
  for (let run = 0; run < runs; run++) {
    const counterId = randomUUID()
    const at = '2026-01-01T00:00:00.000Z'
    const counts = { 'acme.commands{"command":"find","result":"ok"}': 1 }
    const entry = {
      format: 1,
      counterId,
      since: at,
      at,
      under: { state: 'enabled' },
      ended: true,
      counts,
      ...about,
    }
    await state.write(`counts/${counterId}.json`, JSON.stringify(entry))
  }
}

export const merge = (state: StateStore, least = 2) =>
  mergeEndedCounters({
    ...{ state, minimum: least, clock: createFakeClock() },
    ...{ outbox: createOutbox(state), acknowledgements: createAcknowledgements(state) },
  })

/** A receiver that takes each report once, and what it has in all. */
export async function startSums(statuses: number[] = []) {
  const accepted = new Map<unknown, number>()
  const receiver = await startReceiver((_, response) => {
    const report = receiver.received.at(-1)!.json
    const id = attributesOf(report)['usage.report.id']
    const status = accepted.has(id) ? 200 : (statuses.shift() ?? 200)
    if (status === 200) accepted.set(id, numbersOf(report)[COUNT] ?? 0)
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"partialSuccess":{}}')
  })
  return {
    endpoint: receiver.endpoint,
    received: receiver.received,
    sum: () => [...accepted.values()].reduce((all, amount) => all + amount, 0),
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  }
}
