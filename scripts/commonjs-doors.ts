import { globSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** The door whose types the constraints of type parameters are taken from. */
const MAIN = 'index'

/**
 * Writes what CommonJS gets of a door beside it: a module that hands on the ES module, so that both are one copy, and its types.
 * TypeScript under `node16` lets no CommonJS file import the declarations of an ES module but as types, so each value is declared
 * here as what it is there.
 *
 * @param values the names that the door exports at run time
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

/** The type of the instances, where a value is a class; with its parameters. */
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
