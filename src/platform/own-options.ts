import { distanceOf } from './distance.ts'
import { describeValue, type Mistake } from './mistakes.ts'

/** Names of options: `true` for an option with any value, or the names below it for an object of options. */
export interface OptionNames {
  readonly [name: string]: true | OptionNames
}

/** Copies an object's own properties, without those that another library has added to `Object.prototype`. */
export const ownOf = <T extends object>(value: T): T => Object.assign(Object.create(null), value)

/**
 * Returns a member that an object of the host's may leave out. The member may come from a class, but not from what another library has
 * added to every object.
 */
export function memberOf<T extends object, K extends keyof T & string>(object: T, name: K): T[K] | undefined {
  const value = object[name]
  return Object.hasOwn(object, name) || value !== Reflect.get(Object.prototype, name) ? value : undefined
}

/** Options for a function of Node.js that takes its own defaults without them, and reads those with what `Object.prototype` has. */
export const NO_OPTIONS: object = Object.freeze(Object.create(null))

/**
 * Parses JSON into objects without a prototype, so that a missing member is not read from properties that another library has added
 * to `Object.prototype`. Throws a `SyntaxError` if the text is not JSON.
 */
// biome-ignore lint/suspicious/noExplicitAny: as JSON.parse has it; every caller checks what it takes.
export const parseOwn = (text: string): any => ownDeep(JSON.parse(text))

/** Removes the prototypes of parsed JSON in place: nobody else uses its objects yet. */
function ownDeep(value: unknown): unknown {
  if (!isTree(value)) return value
  for (const one of Object.values(value)) ownDeep(one)
  return Array.isArray(value) ? value : Object.setPrototypeOf(value, null)
}

const isTree = (value: unknown): value is object => typeof value === 'object' && value !== null

/**
 * Copies the own properties of options, in objects without a prototype, so that properties that another library has added to
 * `Object.prototype` set no option. Reports each unknown name as a mistake, because it was meant to do something.
 */
export function ownOptions<T>(given: T, names: OptionNames, report: (mistake: Mistake) => void): T {
  return copyOf(given, names, '', report) as T
}

function copyOf(
  value: unknown,
  names: OptionNames,
  path: string,
  report: (mistake: Mistake) => void,
): Record<string, unknown> {
  const copy: Record<string, unknown> = Object.create(null)
  for (const [name, one] of Object.entries(value as object)) {
    if (one === undefined) continue
    const at = path === '' ? name : `${path}.${name}`
    const below = Object.hasOwn(names, name) ? names[name] : undefined
    if (below === undefined) report({ path: at, message: unknownName(name, names) })
    else if (below === true) copy[name] = one
    else if (isObject(one)) copy[name] = copyOf(one, below, at, report)
    else report({ path: at, message: `is ${describeValue(one)}; pass an object, or leave it out` })
  }
  return copy
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Returns a message for an unknown option name with the nearest known one, as the end of a sentence. */
export function unknownName(name: string, names: OptionNames): string {
  const known = Object.keys(names)
  const nearest = known
    .map((one) => ({ one, distance: distanceOf(name.slice(0, 64).toLowerCase(), one.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0]
  return nearest && nearest.distance <= Math.max(2, nearest.one.length / 3)
    ? `is not an option; '${nearest.one}' is`
    : `is not an option; the options here are ${known.map((one) => `'${one}'`).join(', ')}`
}
