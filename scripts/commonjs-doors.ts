import { globSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Door that exports the types in the constraints of type parameters. */
const MAIN = 'index'

/**
 * Writes the CommonJS form of each door beside it: a module that returns the ES module, so that both are one copy, and its types.
 * TypeScript under `node16` lets a CommonJS file import only types from the declarations of an ES module, so each value is declared again
 * with its type there.
 *
 * @param doors names that each door exports at run time
 */
export function writeCommonJsDoors(dist: string, doors: ReadonlyMap<string, readonly string[]>): void {
  const declarations = globSync('**/*.d.ts', { cwd: dist })
    .map((file) => readFileSync(path.join(dist, file), 'utf8'))
    .join('\n')
  for (const [door, values] of doors) writeDoor(dist, door, values, declarations)
}

function writeDoor(dist: string, door: string, values: readonly string[], declarations: string): void {
  writeFileSync(path.join(dist, `${door}.cjs`), `module.exports = require('./${door}.js')\n`)
  const lines = [`import type * as door from ${typesOf(door)}`, `export type * from ${typesOf(door)}`]
  const declared = values.flatMap((name) => [
    `export declare const ${name}: typeof door.${name}`,
    ...typeOfClass(declarations, name),
  ])
  if (declared.some((line) => line.includes('main.')))
    lines.push(`import type * as main from ${typesOf(MAIN)}`)
  writeFileSync(path.join(dist, `${door}.d.cts`), `${[...lines, ...declared].join('\n')}\n`)
}

const typesOf = (door: string) => `'./${door}.js' with { 'resolution-mode': 'import' }`

/** Returns the instance type of a value that is a class, with its type parameters. */
function typeOfClass(declarations: string, name: string): string[] {
  const found = new RegExp(`^export declare class ${name}(?:<([^>]*)>)? `, 'm').exec(declarations)
  if (!found) return []
  const [, parameters] = found
  if (parameters === undefined) return [`export type ${name} = door.${name}`]
  const constrained = parameters.replaceAll(/\b[A-Z]\w+/g, 'main.$&')
  const names = parameters.split(',').map((one) => one.trim().split(' ')[0])
  return [`export type ${name}<${constrained}> = door.${name}<${names.join(', ')}>`]
}
