import { useSurroundings } from './context.ts'

const [WIDTH, HEIGHT] = [90, 22]

/** Small chart of what the reports so far said of one fact. Nothing, before there are two of them. */
export function Sparkline({
  name,
  points,
}: {
  readonly name: string
  readonly points: ReadonlyArray<{ readonly at: string; readonly value: number }>
}) {
  const { format } = useSurroundings()
  if (points.length < 2) return null
  const values = points.map(({ value }) => value)
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const [first, last] = [Date.parse(points[0]?.at ?? ''), Date.parse(points.at(-1)?.at ?? '')]
  const x = (at: string) => ((Date.parse(at) - first) / (last - first || 1)) * (WIDTH - 2) + 1
  const y = (value: number) => HEIGHT - 2 - ((value - least) / (most - least || 1)) * (HEIGHT - 4)
  const label = `${name}: ${format.number(values[0] ?? 0)} – ${format.number(values.at(-1) ?? 0)}, ${format.day(first)} – ${format.day(last)}`
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <title>{label}</title>
      <polyline
        points={points.map(({ at, value }) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ')}
      />
    </svg>
  )
}
