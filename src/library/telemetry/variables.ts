import path from 'node:path'
import { type Environment, leavesUnencrypted, pathProblem, readEndpoint } from '../../platform/index.ts'
import { optsOut, printable, variablesIn } from '../consent/index.ts'
import { type Headers, readHeaders } from './headers-variable.ts'

/** Variables of the operator that say where reports go and where the state is, read once, in the form in which they are used. */
export interface Variables {
  readonly endpoint: Variable | undefined
  /** Variable with the headers for that endpoint, or else the first one that cannot be read. */
  readonly headers: HeadersVariable | undefined
  readonly directory: Variable | undefined
  /** Usable directories that are named under any prefix. */
  readonly directories: readonly string[]
  /** `true` if reports are printed, and not sent. */
  readonly debugs: boolean
  /** Every variable of the product that is set, as printable text. */
  readonly all: Readonly<Record<string, string>>
  /** Warnings about endpoint and headers, as full sentences. */
  readonly warnings: readonly string[]
}

/** Variable whose value is an address or a path. */
export interface Variable {
  readonly name: string
  /** Value in the form in which it is used; as set, if it cannot be used. */
  readonly value: string
  /** Reason why it cannot be used, as the end of a sentence. */
  readonly problem?: string | undefined
}

/** Variable with headers. Its text may hold passwords: it is never shown and never written. */
export type HeadersVariable = { readonly name: string; readonly text: string } & Headers

/** Reads the variables with the product's present or former prefixes. The first one that is set is used; an empty one is not set. */
export function readVariables(environment: Environment, prefixes: readonly string[]): Variables {
  const allOf = <T>(suffix: string, read: (text: string) => T) =>
    prefixes.flatMap((prefix) => {
      const name = `${prefix}_TELEMETRY_${suffix}`
      const text = environment[name]
      return text ? [{ name, prefix, text, ...read(text) }] : []
    })
  const [endpoint] = allOf('ENDPOINT', readAddress)
  const everyHeaders = allOf('HEADERS', readHeaders)
  // A password for one address is not sent to another one: headers are used only with the address under the same prefix.
  const own = everyHeaders.find(({ prefix }) => prefix === endpoint?.prefix)
  const headers = everyHeaders.find(({ problem }) => problem !== undefined) ?? own
  const directories = allOf('DIR', readDirectory)
  const [directory] = directories
  return {
    endpoint,
    headers,
    directory,
    directories: directories.flatMap(({ value, problem }) => (problem === undefined ? [value] : [])),
    debugs: prefixes.some((prefix) => optsOut(environment[`${prefix}_TELEMETRY_DEBUG`])),
    all: {
      ...shownOf(environment, prefixes),
      ...(endpoint && { [endpoint.name]: printable(endpoint.value) }),
      ...(directory && { [directory.name]: printable(directory.value) }),
    },
    warnings: [
      ...(endpoint && endpoint.problem === undefined && leavesUnencrypted(endpoint.value)
        ? [unencrypted(endpoint, own)]
        : []),
      ...everyHeaders
        .filter((each) => each !== own)
        .map(
          ({ name, prefix }) =>
            `${name} has no effect: these headers go to the address in ${prefix}_TELEMETRY_ENDPOINT only, which is not in use.`,
        ),
    ],
  }
}

const unencrypted = ({ name, value }: Variable, headers: { readonly name: string } | undefined) =>
  `${name}=${printable(value)} is not encrypted: everyone on the way there can read and change the reports` +
  `${headers ? `, and read the headers of ${headers.name}` : ''}. Use https, unless the whole way is your own network.`

/** Returns the variables of the product as people see them. Shows values only of variables that are known to hold no password. */
function shownOf(environment: Environment, prefixes: readonly string[]): Record<string, string> {
  const own = Object.entries(environment).filter(([name]) => prefixes.some((one) => isBelow(name, one)))
  const [prefix = '', ...legacyPrefixes] = prefixes
  const { names } = variablesIn(Object.fromEntries(own), { prefix, legacyPrefixes })
  const known = new Set([
    ...Object.values(names).flat(),
    ...prefixes.flatMap((one) => [`${one}_TELEMETRY_ENDPOINT`, `${one}_TELEMETRY_DIR`]),
  ])
  return Object.fromEntries(
    own.map(([name, value = '']) => [
      name,
      known.has(name) ? printable(withoutPassword(value).trim()) : '(not shown)',
    ]),
  )
}

const isBelow = (name: string, prefix: string) =>
  name === `${prefix}_TELEMETRY` || name.startsWith(`${prefix}_TELEMETRY_`)

function readAddress(text: string): Pick<Variable, 'value' | 'problem'> {
  const { url, problem } = readEndpoint(text, 'anywhere')
  return url === undefined ? { value: withoutPassword(text), problem } : { value: url, problem }
}

function readDirectory(text: string): Pick<Variable, 'value' | 'problem'> {
  const problem = pathProblem(text)
  return problem === undefined ? { value: path.normalize(text), problem } : { value: text, problem }
}

/** Hides the user name and the password of an address: what is shown ends up in logs. */
const withoutPassword = (text: string) => text.replace(/\/\/[^/@]*@/, '//…@')
