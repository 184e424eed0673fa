import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Environment } from '../../../platform/index.ts'
import { collectorEnvironment } from '../collector/collector-environment.ts'
import { startGuarded } from '../process/guarded-process.ts'
import { freePort } from '../process/ports.ts'
import { answers, eventually } from '../process/wait.ts'
import { INNER_TOKEN, withInnerToken } from '../settings.ts'
import type { Courier } from './aside.ts'
import { reportsIn } from './queue-file.ts'

export interface StartCourierOptions {
  /** Collector with all its arguments, for an environment with other addresses and directories. Docker must be able to reach the directory. */
  readonly command: (environment: Environment) => readonly string[]
  readonly environment: Environment
  /** Directory of the gateway. */
  readonly directory: string
}

/**
 * Starts the same Collector a second time, with a separate queue and on private ports, to send reports that may end it.
 *
 * @throws {Error} if it does not start, for example because an overlay names a port that the first one uses.
 */
export async function startCourier({
  command,
  environment,
  directory,
}: StartCourierOptions): Promise<Courier> {
  const own = path.join(directory, 'aside', 'courier')
  await rm(own, { recursive: true, force: true })
  const [inner, health, metrics] = [await freePort(), await freePort(), await freePort()]
  const moved: Environment = {
    ...withInnerToken(environment),
    USAGE_GATEWAY_ENDPOINT: `127.0.0.1:${await freePort()}`,
    USAGE_GATEWAY_INNER_ENDPOINT: `127.0.0.1:${inner}`,
    USAGE_GATEWAY_ARCHIVE_ENDPOINT: `127.0.0.1:${await freePort()}`,
    USAGE_GATEWAY_HEALTH_ENDPOINT: `127.0.0.1:${health}`,
    USAGE_GATEWAY_METRICS_HOST: '127.0.0.1',
    USAGE_GATEWAY_METRICS_PORT: String(metrics),
    USAGE_GATEWAY_DIRECTORY: own,
  }
  const server = await startGuarded({ command: command(moved), environment: collectorEnvironment(moved) })
  let isAlive = true
  let isStopped = false
  const exited = server.exited.then(() => {
    isAlive = false
  })
  const stop = async () => {
    isStopped = true
    await server.stop()
    await rm(own, { recursive: true, force: true })
  }
  // If memory runs out, the system ends this process first.
  if (process.platform === 'linux')
    await writeFile(`/proc/${server.pid}/oom_score_adj`, '1000').catch(() => {})
  if ((await eventually(() => answers(`http://127.0.0.1:${health}`), 60_000, exited)) !== 'yes') {
    await stop()
    throw new Error(
      `a second Collector does not start. The end of its log: ${server.lastLines().at(-1)?.slice(0, 500)}`,
    )
  }
  return {
    deliver: async (request) => {
      for (const part of divided(request)) {
        await post(`http://127.0.0.1:${inner}/v1/metrics`, part, `${moved[INNER_TOKEN]}`).catch(
          async (error) => {
            // A connection breaks a moment before the end of the process is known.
            await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, 2_000))])
            throw error
          },
        )
      }
      const isEmpty = () => queueIsEmpty(`http://127.0.0.1:${metrics}/metrics`)
      if ((await eventually(isEmpty, Number.POSITIVE_INFINITY, exited)) !== 'yes')
        throw new Error('the second Collector has ended')
    },
    hasDied: () => !isAlive && !isStopped,
    stop,
  }
}

/** Number of bytes in a request, far below the limit of the inner step. */
const PART = 4 << 20

function divided(request: Buffer): Buffer[] {
  const parts: Buffer[][] = [[]]
  let size = 0
  for (const report of reportsIn(request)) {
    if (size + report.length > PART && size > 0) {
      parts.push([])
      size = 0
    }
    parts.at(-1)?.push(report)
    size += report.length
  }
  return parts.map((reports) => Buffer.concat(reports))
}

async function post(url: string, body: Buffer, token: string): Promise<void> {
  const headers = { 'content-type': 'application/x-protobuf', authorization: `Bearer ${token}` }
  const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`the second Collector answers with ${response.status}`)
}

async function queueIsEmpty(url: string): Promise<boolean> {
  const text = await fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
    (response) => response.text(),
    () => '',
  )
  const [, size] = /^otelcol_exporter_queue_size\{[^}]*exporter="clickhouse"[^}]*\} (\S+)$/m.exec(text) ?? []
  return size !== undefined && Number(size) === 0
}
