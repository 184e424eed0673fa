import path from 'node:path'
import { type Environment, pathProblem, readEndpoint } from '../../platform/index.ts'
import { optsOut, printable } from '../consent/index.ts'

/** Variables of the operator for the places of reports and state, read once, in the form in which they are used. */
export interface Variables {
  readonly endpoint: Variable | undefined
  readonly directory: Variable | undefined
  /** Every directory that is named and can be used, under any prefix. */
  readonly directories: readonly string[]
  /** `true` if reports are printed, and not sent. */
  readonly debugs: boolean
  /** Every variable of the product that is set, as printable text. */
  readonly all: Readonly<Record<string, string>>
}

/** Variable whose value is an address or a path. */
export interface Variable {
  readonly name: string
  /** Value in the form in which it is used; as set, if it cannot be used. */
  readonly value: string
  /** Reason why it cannot be used, as the end of a sentence. */
  readonly problem?: string | undefined
}

/** Reads the variables with the product's present or former prefixes. The first that is set counts; an empty one is not set. */
export function readVariables(environment: Environment, prefixes: readonly string[]): Variables {
  const allOf = (suffix: string, read: (text: string) => Pick<Variable, 'value' | 'problem'>): Variable[] =>
    prefixes.flatMap((prefix) => {
      const name = `${prefix}_TELEMETRY_${suffix}`
      const text = environment[name]
      return text ? [{ name, ...read(text) }] : []
    })
  const [endpoint] = allOf('ENDPOINT', readAddress)
  const directories = allOf('DIR', readDirectory)
  const [directory] = directories
  const own = Object.entries(environment).filter(([name]) => prefixes.some((one) => isBelow(name, one)))
  return {
    endpoint,
    directory,
    directories: directories.flatMap(({ value, problem }) => (problem === undefined ? [value] : [])),
    debugs: prefixes.some((prefix) => optsOut(environment[`${prefix}_TELEMETRY_DEBUG`])),
    all: {
      ...Object.fromEntries(
        own.map(([name, value]) => [name, printable(withoutPassword(value as string).trim())]),
      ),
      ...(endpoint && { [endpoint.name]: printable(endpoint.value) }),
      ...(directory && { [directory.name]: printable(directory.value) }),
    },
  }
}

const isBelow = (name: string, prefix: string) =>
  name === `${prefix}_TELEMETRY` || name.startsWith(`${prefix}_TELEMETRY_`)

function readAddress(text: string): Pick<Variable, 'value' | 'problem'> {
  const { url, problem } = readEndpoint(text)
  return url === undefined ? { value: withoutPassword(text), problem } : { value: url, problem }
}

function readDirectory(text: string): Pick<Variable, 'value' | 'problem'> {
  const problem = pathProblem(text)
  return problem === undefined ? { value: path.normalize(text), problem } : { value: text, problem }
}

/** Hides a password: what is shown ends up in logs. */
const withoutPassword = (text: string) => text.replace(/\/\/[^/@]*@/, '//…@')
