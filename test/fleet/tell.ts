import type { Played, Sums } from './play.ts'

/** What came of a fleet, as Markdown: its events, its rates, and a table of the answers. */
export function tell(
  { happened, sent, took, putOff, points, withCountry, ranOn, compared, rebuilt }: Played,
  inAll: number,
): string {
  const events = Object.entries(happened).map(([event, times]) => `${number(times)} ${event}`)
  const delays = Object.entries(putOff).map(([why, times]) => `${number(times)} × ${why}`)
  return [
    `${events.join(', ')}.`,
    '',
    `${number(sent)} reports (copies included, ${number(points)} data points) in ${seconds(took)} s: ${number(
      Math.round((sent / took) * 1_000),
    )} a second, made by the pipeline of the library on the same machine. ${seconds(inAll)} s in all, Node.js ${process.version}, ${ranOn}.${
      delays.length > 0 ? ` Put off: ${delays.join(', ')}.` : ''
    }${withCountry ? '' : ' Without countries: the Collector here is a stock one.'}`,
    '',
    '| question | truth | store | equal | a store from the archive |',
    '|---|---|---|---|---|',
    ...compared.map(({ question, truth, store, differences }) => {
      const again = rebuilt.compared.find((each) => each.question === question)
      return `| ${question} | ${told(truth)} | ${told(store)} | ${isEqual(differences)} | ${again ? isEqual(again.differences) : ''} |`
    }),
    ...[...compared, ...rebuilt.compared].flatMap(({ question, differences }) =>
      differences.length === 0
        ? []
        : ['', `${question}:`, ...differences.slice(0, 20).map((each) => `- ${each}`)],
    ),
  ].join('\n')
}

const isEqual = (differences: readonly string[]) =>
  differences.length === 0 ? 'yes' : `no, ${number(differences.length)} differ`

const told = ({ numbers, sum }: Sums) => `${number(numbers)} numbers, sum ${number(sum)}`

const number = (value: number) => value.toLocaleString('en')

const seconds = (milliseconds: number) => number(Math.round(milliseconds / 1_000))
