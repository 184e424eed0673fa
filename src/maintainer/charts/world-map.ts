import { GRID, GROUND, STEPS } from './colours.ts'
import { legend, type Part } from './drawing.ts'
import { whole } from './shapes.ts'
import { escapeXml } from './svg-document.ts'
import world from './world.json' with { type: 'json' }

interface Country {
  readonly name: string
  readonly path: string
  /** Middle of a country that is too small to be seen. */
  readonly dot?: readonly number[]
}

const COUNTRIES: Readonly<Record<string, Country>> = world.countries

/** Returns the name of a country by its code (ISO 3166, two letters), or the code where it is not known. */
export const countryName = (code: string): string =>
  Object.hasOwn(COUNTRIES, code) ? (COUNTRIES[code] as Country).name : code

/** The world, with countries coloured by their number, by their code. */
export function worldMap(numbers: ReadonlyMap<string, number>, width: number): Part[] {
  const limits = limitsOf([...numbers.values()])
  const stepOf = (value: number) => limits.findLastIndex((limit) => value >= limit)
  const rest = Object.entries(COUNTRIES).filter(([code]) => !numbers.has(code))
  const known = [...numbers].flatMap(([code, value]) =>
    Object.hasOwn(COUNTRIES, code) ? [{ ...(COUNTRIES[code] as Country), value }] : [],
  )
  const scale = width / world.width
  const shapes = known.map(({ name, path, dot, value }) => {
    const title = `<title>${escapeXml(`${name}: ${whole(value)}`)}</title>`
    const fill = STEPS[limits.length === 1 ? 2 : stepOf(value)]
    return dot === undefined
      ? `<path d="${path}" fill="${fill}">${title}</path>`
      : `<circle cx="${dot[0]}" cy="${dot[1]}" r="${Math.round(3 / scale)}" fill="${fill}">${title}</circle>`
  })
  const height = Math.round(world.height * scale)
  const map = `<svg width="${width}" height="${height}" viewBox="0 0 ${world.width} ${world.height}"><g stroke="${GROUND}" stroke-width="0.7" stroke-linejoin="round"><path d="${rest.map(([, { path }]) => path).join('')}" fill="${GRID}"/>${shapes.join('')}</g></svg>`
  const keys = limits.map((limit, step) => ({
    label:
      limits[step + 1] === undefined
        ? `${whole(limit)} or more`
        : `${whole(limit)} – ${whole((limits[step + 1] as number) - 1)}`,
    colour: STEPS[limits.length === 1 ? 2 : step] as string,
  }))
  return [
    { height: height + 8, svg: map },
    legend([...keys, { label: 'not shown, or none', colour: GRID, isOutlined: true }], width),
  ]
}

/** Returns where each step begins: by factors of the same size from the least number to the largest one, rounded to one digit. */
function limitsOf(numbers: readonly number[]): number[] {
  if (numbers.length === 0) return []
  const [least, most] = [Math.max(1, Math.min(...numbers)), Math.max(...numbers)]
  const limits = STEPS.map((_, step) => least * (most / least) ** (step / STEPS.length)).map((limit, step) =>
    step === 0 ? least : Number(limit.toPrecision(1)),
  )
  return [...new Set(limits)].filter((limit) => limit >= least && limit <= most).sort((a, b) => a - b)
}
