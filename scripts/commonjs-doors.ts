import { globSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Door that exports the types in the constraints of type parameters. */
const MAIN = 'index'

/**
 * Writes the CommonJS form of a door beside it: a module that returns the ES module, so that both are one copy, and its types.
 * TypeScript under `node16` lets a CommonJS file import only types from the declarations of an ES module, so each value is declared again
 * with its type there.
 *
 * @param values names that the door exports at run time
 */
export function writeCommonJsDoor(dist: string, door: string, values: readonly string[]): void {
  writeFileSync(path.join(dist, `${door}.cjs`), `module.exports = require('./${door}.js')\n`)
  const lines = [`import type * as door from ${typesOf(door)}`, `export type * from ${typesOf(door)}`]
  const declared = values.flatMap((name) => [
    `export declare const ${name}: typeof door.${name}`,
    ...typeOfClass(dist, name),
  ])
  if (declared.some((line) => line.includes('main.')))
    lines.push(`import type * as main from ${typesOf(MAIN)}`)
  writeFileSync(path.join(dist, `${door}.d.cts`), `${[...lines, ...declared].join('\n')}\n`)
}

const typesOf = (door: string) => `'./${door}.js' with { 'resolution-mode': 'import' }`

/** Returns the instance type of a value that is a class, with its type parameters. */
function typeOfClass(dist: string, name: string): string[] {
  for (const file of globSync('**/*.d.ts', { cwd: dist })) {
    const found = new RegExp(`^export declare class ${name}(?:<([^>]*)>)? `, 'm').exec(
      readFileSync(path.join(dist, file), 'utf8'),
    )
    if (!found) continue
    const [, parameters] = found
    if (parameters === undefined) return [`export type ${name} = door.${name}`]
    const constrained = parameters.replaceAll(/\b[A-Z]\w+/g, 'main.$&')
    const names = parameters.split(',').map((one) => one.trim().split(' ')[0])
    return [`export type ${name}<${constrained}> = door.${name}<${names.join(', ')}>`]
  }
  return []
}
