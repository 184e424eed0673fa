/**
 * Writes the map of the charts, src/maintainer/charts/world.json, from the countries of Natural Earth (public domain): projected,
 * simplified, in whole numbers. The file is committed; run this when `world-atlas` has a new version.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { geoArea, geoEqualEarth, geoPath } from 'd3-geo'
import countries from 'i18n-iso-countries'
import { feature } from 'topojson-client'
import { presimplify, simplify } from 'topojson-simplify'
import atlas from 'world-atlas/countries-50m.json' with { type: 'json' }

/** Size of the map in its own units. */
const [WIDTH, HEIGHT] = [1000, 460]
/** Area, in those units, below which an island is left out, unless it is the largest one of its country. */
const MIN_ISLAND = 5
/** Area below which a country is shown as a dot. */
const MIN_COUNTRY = 14
/** Names in Natural Earth of what has no number in ISO 3166. */
const WITHOUT_NUMBER: Readonly<Record<string, string>> = { Kosovo: 'XK' }

const simple = simplify(presimplify(atlas as never), 0.05)
const { features } = feature(
  simple as never,
  (simple as unknown as typeof atlas).objects.countries as never,
) as unknown as {
  features: readonly Country[]
}
interface Country {
  readonly id?: string
  readonly properties: { readonly name: string }
  readonly geometry: { readonly type: 'Polygon' | 'MultiPolygon'; readonly coordinates: never[] }
}

// Without Antarctica, there is room for all others.
const sphere = {
  type: 'MultiPoint',
  coordinates: [
    [-168.9, 0],
    [-169.1, 0],
    [0, 84],
    [0, -56],
  ],
}
const projection = geoEqualEarth()
  .rotate([-11, 0])
  .fitExtent(
    [
      [2, 2],
      [WIDTH - 2, HEIGHT - 2],
    ],
    sphere as never,
  )
const areaOf = geoPath(projection)

const shapes: Record<string, { name: string; path: string; dot?: [number, number] }> = {}
for (const { id, properties, geometry } of features) {
  const code = id === undefined ? WITHOUT_NUMBER[properties.name] : countries.numericToAlpha2(id)
  if (code === 'AQ') continue
  const key = code ?? `(${properties.name})`
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
  const sized = polygons
    .map((coordinates) => ({ type: 'Polygon' as const, coordinates: coordinates as never }))
    .map((polygon) => ({ polygon, area: areaOf.area(polygon as never), sphere: geoArea(polygon as never) }))
    .toSorted((a, b) => b.area - a.area)
  const kept = sized.filter(({ area }, index) => index === 0 || area >= MIN_ISLAND)
  const all = { type: 'MultiPolygon', coordinates: kept.map(({ polygon }) => polygon.coordinates) }
  const shape = drawn(all)
  const total = sized.reduce((sum, { area }) => sum + area, 0)
  const [x, y] = areaOf.centroid((sized[0] as (typeof sized)[0]).polygon as never).map(Math.round) as [
    number,
    number,
  ]
  shapes[key] = {
    name:
      code === undefined
        ? properties.name
        : (countries.getName(code, 'en', { select: 'alias' }) ??
          countries.getName(code, 'en') ??
          properties.name),
    path: shape,
    ...(total < MIN_COUNTRY && { dot: [x, y] }),
  }
}

/** Returns the shape as a path of SVG in whole numbers, with relative steps. */
function drawn(shape: unknown): string {
  const rings: [number, number][][] = []
  geoPath(projection, {
    moveTo: (x: number, y: number) => void rings.push([[Math.round(x), Math.round(y)]]),
    lineTo: (x: number, y: number) => void rings.at(-1)?.push([Math.round(x), Math.round(y)]),
    closePath: () => {},
    arc: () => {},
    beginPath: () => {},
  } as never)(shape as never)
  return rings
    .map((ring) => {
      const [[x, y], ...rest] = ring as [[number, number], ...[number, number][]]
      let [atX, atY] = [x, y]
      const steps = rest.flatMap(([toX, toY]) => {
        const step = [toX - atX, toY - atY] as const
        if (step[0] === 0 && step[1] === 0) return []
        ;[atX, atY] = [toX, toY]
        return [step]
      })
      if (steps.length < 2) return ''
      return `M${x},${y}l${steps.map(([dx, dy]) => `${dx},${dy}`).join(' ')}z`
    })
    .join('')
    .replaceAll(/[ ,]-/g, '-')
}

const sorted = Object.entries(shapes).toSorted(([a], [b]) => (a < b ? -1 : 1))
const lines = sorted.map(([code, shape]) => `${JSON.stringify(code)}:${JSON.stringify(shape)}`)
writeFileSync(
  path.resolve(import.meta.dirname, '../src/maintainer/charts/world.json'),
  `{"width":${WIDTH},"height":${HEIGHT},"countries":{\n${lines.join(',\n')}\n}}\n`,
)
