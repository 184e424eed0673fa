/** Describes the tables and views of the store, by the SQL files that make them. */

/** A table or a view that docs/store.md describes. */
export interface StoreTable {
  readonly name: string
  /** Description of a row. */
  readonly row: string
  readonly answers: string
  readonly kept: string
  /** `true` if names and types of the columns stay as they are in later versions. */
  readonly isContract: boolean
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

const CREATE =
  /(?<comments>(?:^--.*\n)*)^CREATE (?:TABLE IF NOT EXISTS|OR REPLACE VIEW) (?<name>\w+)\n(?:\((?<columns>\n(?: .*\n|\n)+)\))?(?<rest>[^;]*);/gm

/**
 * Returns the tables and views with a line `-- Row:` above them.
 *
 * @throws {Error} if a table has no such line, or nothing says how long it is kept.
 */
export function storeTables(sql: string): StoreTable[] {
  return [...sql.matchAll(CREATE)].flatMap(({ groups = {}, 0: whole }) => {
    const { comments = '', name = '', columns = '', rest = '' } = groups
    const said = (what: string) => new RegExp(`^-- ${what}: (.+)$`, 'm').exec(comments)?.[1] ?? ''
    const row = said('Row')
    const isTable = whole.includes('CREATE TABLE')
    if (row === '' && !isTable) return []
    const kept = said('Kept') || keptOf(rest)
    if (row === '' || kept === '')
      throw new Error(`${name} has no line '-- Row: …' above it, or neither '-- Kept: …' nor a TTL`)
    const isContract = said('Shape') !== 'may change'
    return [{ name, row, answers: said('Answers'), kept, isContract, columns: columnsOf(columns) }]
  })
}

function keptOf(rest: string): string {
  const [, count, unit = ''] = /^TTL \w+ \+ INTERVAL (\d+) (DAY|YEAR) DELETE$/m.exec(rest) ?? []
  return count === undefined ? '' : `${count} ${unit.toLowerCase()}s`
}

/** Columns by the commas between them, leaving out those inside parentheses. */
function columnsOf(text: string): { name: string; type: string }[] {
  const bare = text.replaceAll(/^\s*--.*$/gm, '')
  const parts: string[] = ['']
  let depth = 0
  for (const character of bare) {
    if (character === '(') depth++
    if (character === ')') depth--
    if (character === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += character
  }
  return parts.flatMap((part) => {
    const [, name, type] = /^\s*(\w+)\s+(.+?)(?:\s+(?:CODEC|DEFAULT|ALIAS)\b.*)?\s*$/s.exec(part) ?? []
    return name && type ? [{ name, type: type.replaceAll(/\s+/g, ' ') }] : []
  })
}

/** Table of what the tables answer, in Markdown. */
export const answersTable = (tables: readonly StoreTable[], kind: string): string =>
  [
    `| ${kind} | one row is | answers | kept |`,
    '|---|---|---|---|',
    ...tables.map(({ name, row, answers, kept }) => `| \`${name}\` | ${row} | ${answers} | ${kept} |`),
  ].join('\n')

/** Table of the columns that are a contract, in Markdown. */
export const columnsTable = (tables: readonly StoreTable[]): string =>
  [
    '| of | columns |',
    '|---|---|',
    ...tables
      .filter(({ isContract }) => isContract)
      .map(
        ({ name, columns }) =>
          `| \`${name}\` | ${columns.map((column) => `\`${column.name} ${column.type}\``).join(', ')} |`,
      ),
  ].join('\n')
