import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Plugin } from 'esbuild'

/**
 * Resolves an import from the door of a room to the file that defines the name. Otherwise esbuild would load every file behind such a
 * door, into a host also those that only a report needs.
 *
 * @param rooms The rooms, by the absolute paths of their doors.
 */
export const throughDoors = (rooms: RegExp): Plugin => ({
  name: 'through doors',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.tsx?$/ }, ({ path: file }) => ({
      loader: file.endsWith('x') ? 'tsx' : 'ts',
      contents: readFileSync(file, 'utf8').replaceAll(
        /^(import|export) \{([^}]*)\} from '([^']*\/index\.ts)'$/gm,
        (statement: string, keyword: string, list: string, from: string) => {
          const door = path.resolve(path.dirname(file), from)
          if (!rooms.test(door)) return statement
          return namesIn(list)
            .map(([name, as]) => {
              const [target, original] = behind(door, name)
              return `${keyword} { ${original} as ${as} } from ${JSON.stringify(target)}`
            })
            .join(';')
        },
      ),
    }))
  },
})

/** Returns the file that defines an exported name of a door, and the name in that file. */
function behind(door: string, wanted: string): readonly [file: string, name: string] {
  const statements = readFileSync(door, 'utf8').matchAll(/^export \{([^}]*)\} from '([^']*)'$/gm)
  for (const [, list = '', from = ''] of statements) {
    const [name] = namesIn(list).find(([, as]) => as === wanted) ?? []
    const file = path.resolve(path.dirname(door), from)
    if (name !== undefined) return from.endsWith('/index.ts') ? behind(file, name) : [file, name]
  }
  throw new Error(`${door} has no '${wanted}'.`)
}

/** Returns the values in a list of imported or exported names, each with its local name. Leaves out types. */
const namesIn = (list: string): ReadonlyArray<readonly [name: string, as: string]> =>
  list
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && !one.startsWith('type '))
    .map((one) => {
      const [name = '', as = name] = one.split(' as ')
      return [name, as]
    })
