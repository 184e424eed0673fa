import path from 'node:path'
import { absolutePath, codeOf, pathOf, readTextFile, type URL } from '../../platform/index.ts'
import { type ConsentState, printable, readDecision } from '../consent/index.ts'

/** Setting of the person who packaged the product. */
export interface PackagingSwitch {
  /** `none`: the package has no usage telemetry, so nothing is collected, loaded or written. */
  readonly state: ConsentState | 'none'
  /** Name of the setting, for the operator. */
  readonly name: string
  /** Warning for the operator if the setting cannot be read, as full sentences. */
  readonly warning?: string
}

/** File beside the product's package.json with the setting, as one word. */
const SWITCH_FILE = 'usage-telemetry'

/** Field of the product's package.json with the setting. */
const SWITCH_FIELD = 'usageTelemetry'

/**
 * Reads the setting of a packager beside the installed product: the file `usage-telemetry`, or the field `usageTelemetry` of its
 * package.json. It is one word: `none`, or any word for yes, no or undecided (as TimescaleDB's build flags). A setting that cannot be
 * read is a no. Returns `undefined` if the package has neither.
 */
export function readPackagingSwitch(root: string | URL): PackagingSwitch | undefined {
  const directory = absolutePath(pathOf(root))
  if (directory === undefined) {
    const name = `the package's default (in ${printable(root)})`
    const warning = `${printable(root)} is below a working directory that has been deleted. The setting of the package there cannot be read, so the usage telemetry stays off. Start the product in a directory that exists.`
    return { state: 'disabled', name, warning }
  }
  const file = path.join(directory, SWITCH_FILE)
  const manifest = path.join(directory, 'package.json')
  return read(file, (text) => text) ?? read(manifest, (text) => fieldIn(JSON.parse(text)), SWITCH_FIELD)
}

function fieldIn(manifest: unknown): unknown {
  if (typeof manifest !== 'object' || manifest === null) throw new TypeError('It is not an object.')
  return Object.hasOwn(manifest, SWITCH_FIELD) ? Reflect.get(manifest, SWITCH_FIELD) : undefined
}

function read(file: string, valueIn: (text: string) => unknown, field?: string): PackagingSwitch | undefined {
  const name = `the package's default (${field ? `${field} in ` : ''}${file})`
  let value: unknown
  try {
    value = valueIn(readTextFile(file))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    return {
      state: 'disabled',
      name,
      warning: `${file} cannot be read, so the usage telemetry stays off; correct or remove it.`,
    }
  }
  if (value === undefined) return undefined
  if (typeof value === 'string' && value.trim().toLowerCase() === 'none') return { state: 'none', name }
  const reading = readDecision(value, [])
  // An empty file may be one that was not written to its end.
  const empty = typeof value === 'string' && value.trim() === ''
  if (!empty && !('unreadable' in reading)) return { state: reading.state, name }
  const warning = `'${printable(typeof value === 'string' ? value.trim() : value)}' in ${file} is not a setting of the usage telemetry, so it stays off; use 'none', 'off', 'on' or 'undecided'.`
  return { state: 'disabled', name, warning }
}
