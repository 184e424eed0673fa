import path from 'node:path'
import type { Environment } from '../../../platform/index.ts'
import { mostUsefulLine, runCommand } from '../process/run-command.ts'

/** Returns the image of the stock Collector. */
export const dockerImage = (version: string) => `otel/opentelemetry-collector-contrib:${version}`

/** Returns the reason why Docker cannot be used; `undefined` if it can. */
export async function dockerProblem(environment: Environment): Promise<string | undefined> {
  const { code, lines } = await runCommand(['docker', 'info'], { environment, timeout: 10_000 })
  if (code === 127) return 'there is no `docker` on the PATH'
  return code === 0 ? undefined : `\`docker info\` failed: ${mostUsefulLine(lines)}`
}

export interface ContainerOptions {
  /** Absolute paths of files that the container reads. */
  readonly files: readonly string[]
  /** Absolute path of the directory that the container writes. */
  readonly directory: string
  /** Names of the variables that the container gets; `docker` takes their values from its own environment. */
  readonly variables: readonly string[]
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
}

/**
 * Adds options between `docker run` and the image: the files and the directory at the same paths as outside, so that the Collector's
 * arguments stay the same; the network of the host, because gateway and ClickHouse listen on the loopback device; and our user, who
 * owns the files.
 */
export function containerCommand(command: readonly string[], options: ContainerOptions): string[] {
  const image = command.at(-1) as string
  const { files, directory, variables, user } = options
  const readable = [...new Set(files.map((file) => path.dirname(file)))]
  return [
    ...command.slice(0, -1),
    '--network=host',
    ...(user === undefined ? [] : [`--user=${user.uid}:${user.gid}`]),
    ...readable.map((mounted) => mount(mounted, ',readonly')),
    mount(directory),
    `--workdir=${directory}`,
    ...variables.flatMap((name) => ['--env', name]),
    image,
  ]
}

/** Returns the argument that mounts a directory. `--volume` splits its value at colons; `--mount` reads a line of CSV. */
const mount = (directory: string, more = '') =>
  `--mount=type=bind,${inCsv(`source=${directory}`)},${inCsv(`target=${directory}`)}${more}`

const inCsv = (field: string) => (/[",\n\r]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)
