import { distanceOf } from './distance.ts'
import { type Mistake, whatWasGot } from './mistakes.ts'

/** The names of options: `true` where the value is anything, and the names below it where it is an object of options. */
export interface OptionNames {
  readonly [name: string]: true | OptionNames
}

/** An object's own properties, and nothing that another library has added to every object. */
export const ownOf = <T extends object>(value: T): T => Object.assign(Object.create(null), value)

/**
 * What a text of JSON holds, as its own properties: an entry of the state that lacks one does not get it from what another library has
 * added to every object. Throws where it is no JSON.
 */
// biome-ignore lint/suspicious/noExplicitAny: as JSON.parse has it; every caller checks what it takes.
export const parseOwn = (text: string): any => ownDeep(JSON.parse(text))

/** JSON is a tree, and its objects are nobody else's: they lose their prototype where they stand. */
function ownDeep(value: unknown): unknown {
  if (!isTree(value)) return value
  for (const one of Object.values(value)) ownDeep(one)
  return Array.isArray(value) ? value : Object.setPrototypeOf(value, null)
}

const isTree = (value: unknown): value is object => typeof value === 'object' && value !== null

/**
 * Options as they were given, and nothing else: a copy of the own properties, in objects without a prototype, so that what
 * another library has added to every object sets no option. What stands there that is no option is a mistake: it was
 * meant to do something.
 */
export function ownOptions<T>(given: T, names: OptionNames, report: (mistake: Mistake) => void): T {
  return copyOf(given, names, '', report) as T
}

function copyOf(
  value: unknown,
  names: OptionNames,
  place: string,
  report: (mistake: Mistake) => void,
): Record<string, unknown> {
  const copy: Record<string, unknown> = Object.create(null)
  for (const [name, one] of Object.entries(value as object)) {
    if (one === undefined) continue
    const at = place === '' ? name : `${place}.${name}`
    const below = Object.hasOwn(names, name) ? names[name] : undefined
    if (below === undefined) report({ place: at, message: unknownName(name, names) })
    else if (below === true) copy[name] = one
    else if (isObject(one)) copy[name] = copyOf(one, below, at, report)
    else report({ place: at, message: `is ${whatWasGot(one)}; pass an object, or leave it out` })
  }
  return copy
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Says of a name that means nothing which one is meant, as the end of a sentence. */
export function unknownName(name: string, names: OptionNames): string {
  const known = Object.keys(names)
  const nearest = known
    .map((one) => ({ one, distance: distanceOf(name.slice(0, 64).toLowerCase(), one.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0]
  return nearest && nearest.distance <= Math.max(2, nearest.one.length / 3)
    ? `is not an option; '${nearest.one}' is`
    : `is not an option; the options here are ${known.map((one) => `'${one}'`).join(', ')}`
}
