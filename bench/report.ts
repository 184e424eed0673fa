import { spread } from './figure.ts'
import { inFreshProcess, inTurns, type Run } from './fresh-process.ts'
import { type Budget, digits, missed, range, table, verdict } from './page.ts'

const runOf = (measure: Run['measure'], facts: number): Run => ({
  program: 'programs/otel-usage-report.js',
  measure,
  how: { facts },
  call: 'report',
})

const PAUSE: Budget = {
  what: 'Longest pause of the event loop, report of 200 facts',
  limit: 2,
  unit: 'ms',
  floor:
    'Where the state store answers at once, a report is one piece of work: more than a third of it is composing and serializing, the rest asking the facts, working out the counts, and the OpenTelemetry SDK. ' +
    'Tried: a turn of the event loop before and after the SDK halves the longest piece.',
}

const SIZE: Budget = {
  what: 'Report of 30 facts on the wire',
  limit: 800,
  unit: 'bytes',
  floor: 'The names of the facts and the two ids are what is left; they have to be there once.',
}

/** Measures the longest pause of the event loop by a report of 200 facts, and the size of a report of 30 facts. */
export async function measureReport(): Promise<string[]> {
  const pause = spread(inTurns<number>([runOf('pause', 200)])[0] ?? [])
  const { plain, packed } = inFreshProcess<{ plain: number; packed: number }>(runOf('size', 30))
  return [
    ...table(
      ['what', 'median', 'range', 'budget'],
      [
        [
          'longest pause of the event loop, report of 200 facts, loaded',
          `${digits(pause.median)} ms`,
          range(pause),
          verdict(pause.median, PAUSE),
        ],
        ['report of 30 facts, as it is', `${plain.toLocaleString('en-US')} bytes`, '', ''],
        ['report of 30 facts, on the wire', `${packed} bytes`, '', verdict(packed, SIZE)],
      ],
    ),
    ...missed([
      [pause.median, PAUSE],
      [packed, SIZE],
    ]),
  ]
}
