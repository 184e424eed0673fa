import { type Figure, spread } from './figure.ts'
import { inTurns, type Run } from './fresh-process.ts'
import { type Budget, digits, missed, range, table, times, verdict } from './page.ts'
import { PEERS } from './peers.ts'

type State = 'on' | 'off' | 'nothing'

const FLOOR = 'The floor is a look-up in a map for each attribute.'

const COUNTED_WHILE_OFF =
  'While disabled the product still counts, so that the operator’s local log can show what would have been sent; a product that does not want that says ' +
  "`consent: { whileDisabled: 'nothing' }`, and the rows below have its price."

const KEPT_WHILE_OFF =
  'What is set stays set whatever the verdict, because a yes may come later and the value is set only once: it is checked against the catalog and kept in a map. ' +
  'The floor is 13 ns, 10 of them for finding the name in the catalog and 3 for the map; nobody sets an attribute in a loop.'

const TITLE = {
  bound: 'count, bound: `bound.add(1)`',
  object: 'count, by attributes: `counter.add(1, { … })`',
  api: "count, by attributes, through the API's counter",
  undeclared: 'count, not declared',
  gauge: "gauge, through the API's gauge: `gauge.record(17)`",
  set: "attribute: `usage.set(name, 'community')`",
} as const

/** Budget of a call while enabled. */
const LIMITS: ReadonlyArray<readonly [call: keyof typeof TITLE, limit: number]> = [
  ['bound', 10],
  ['object', 100],
  ['api', 100],
  ['undeclared', 10],
  ['gauge', 100],
  ['set', 100],
]

interface Row {
  readonly title: string
  readonly run: Run
  readonly budget?: Budget
}

const OURS: readonly Row[] = [
  ...LIMITS.map(([call, limit]) => row(TITLE[call], 'on', call, limit, FLOOR)),
  ...LIMITS.map(([call]) =>
    row(`disabled: ${TITLE[call]}`, 'off', call, 10, call === 'set' ? KEPT_WHILE_OFF : COUNTED_WHILE_OFF),
  ),
  ...LIMITS.map(([call]) =>
    row(`disabled, collecting nothing: ${TITLE[call]}`, 'nothing', call, 10, KEPT_WHILE_OFF),
  ),
]

const THEIRS = PEERS.filter(({ counts }) => counts).map(({ title, folder }) => {
  const run = (state: 'on' | 'off'): Run => ({
    program: `peers/${folder}/program.js`,
    measure: 'call',
    how: { state },
    call: 'count',
  })
  return { title, on: run('on'), off: run('off') }
})

const BYTES: readonly Row[] = [
  {
    title: 'count, bound',
    run: { ...ours('on', 'bound'), measure: 'bytes' },
    budget: {
      what: 'Bytes for one bound count',
      limit: 0,
      unit: 'bytes',
      floor: 'The floor is 0, and was reached before.',
    },
  },
  {
    title: 'count, by attributes, their object included',
    run: { ...ours('on', 'object'), measure: 'bytes' },
  },
  {
    title: 'OpenTelemetry SDK 3.1.1, counter, the attributes included',
    run: { program: 'peers/otel-3/program.js', measure: 'bytes', how: { state: 'on' }, call: 'count' },
  },
]

/** Measures nanoseconds and bytes of one call, in fresh processes that take turns. */
export async function measureCalls(): Promise<string[]> {
  const runs = [...OURS, ...BYTES].map(({ run }) => run).concat(THEIRS.flatMap(({ on, off }) => [on, off]))
  const results = inTurns<number>(runs)
  const figures = new Map(runs.map((run, index) => [run, spread(results[index] ?? [])]))
  const figureOf = (run: Run) => figures.get(run) as Figure
  const medianOf = (wanted: string) =>
    figureOf((OURS.find(({ title }) => title === wanted) as Row).run).median
  const [counting, disabled] = [medianOf(TITLE.object), medianOf(`disabled: ${TITLE.bound}`)]
  return [
    ...tableOf(OURS, 'ns', figureOf),
    '',
    'The peers: one event with two properties, or one count with two attributes. An enabled call is compared with our count by attributes, a disabled one with our bound count while disabled. ' +
      'The time includes one turn of the event loop after each batch, for work that a call leaves until then.',
    '',
    ...table(
      ['peer', 'enabled', 'for one of ours', 'disabled', 'for one of ours'],
      THEIRS.map(({ title, on, off }) => [
        title,
        ...against(figureOf(on), counting),
        ...against(figureOf(off), disabled),
      ]),
    ),
    '',
    'Bytes of the heap for one call, over ten million calls, what was collected meanwhile included.',
    '',
    ...tableOf(BYTES, 'bytes', (run) => rounded(figureOf(run))),
  ]
}

function tableOf(rows: readonly Row[], unit: string, figureOf: (run: Run) => Figure): string[] {
  const cells = ({ title, run, budget }: Row) => {
    const { median, ...rest } = figureOf(run)
    if (Number.isNaN(median)) return [title, 'cannot be measured', '–', '–']
    return [
      title,
      `${digits(median)} ${unit}`,
      range({ median, ...rest }),
      budget ? verdict(median, budget) : '',
    ]
  }
  const budgets = rows.flatMap(({ run, budget }) => (budget ? [[figureOf(run).median, budget] as const] : []))
  return [...table(['call', 'median', 'range', 'budget'], rows.map(cells)), ...missed(budgets)]
}

function row(title: string, state: State, call: string, limit: number, floor: string): Row {
  return { title, run: ours(state, call), budget: { what: capital(title), limit, unit: 'ns', floor } }
}

function ours(state: State, call: string): Run {
  return { program: 'programs/otel-usage.js', measure: 'call', how: { state }, call }
}

function capital(title: string): string {
  return `${title.charAt(0).toUpperCase()}${title.slice(1)}`
}

const against = ({ median }: Figure, ours: number): string[] =>
  Number.isNaN(median) ? ['cannot be measured', '–'] : [`${digits(median)} ns`, times(median, ours)]

/** Rounds to hundredths: the measurement itself allocates a few kilobytes in ten million calls. */
function rounded({ median, min, max }: Figure): Figure {
  const [middle, least, most] = [median, min, max].map((value) => Math.round(value * 100) / 100 + 0)
  return { median: middle as number, min: least as number, max: most as number }
}
