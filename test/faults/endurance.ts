import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { clickHouseEnvironment, collectorConfig, freePort, startCollector } from '../../src/gateway.ts'
import { oneFile, theCollector } from '../gateway/running-gateway.ts'
import { createRandom, type Random } from '../support/random.ts'
import { attributesOf, type OtlpRequest } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { stepsOf, sumOf } from './endpoint.ts'
import { startLife } from './life.ts'
import { work } from './matrix/ways.ts'
import { catalog, product } from './product.ts'
import { hostEnvironment, isWaiting, linesOf } from './stage.ts'
import { type Arrived, createTally, type Judgement, MAX_LIVES } from './tally.ts'

/** What became of the steps of hosts that were killed at random, at the real Collector. */
export interface Endurance extends Judgement {
  readonly lives: number
  readonly reports: number
  /** How many reports the Collector has accepted more than once. */
  readonly repeats: number
  readonly collectorKills: number
  readonly crashes: readonly string[]
  readonly unhandled: readonly string[]
  /** Whether reports still wait at the end. */
  readonly isWaiting: boolean
}

export interface EnduranceOptions {
  /** In milliseconds. */
  readonly duration: number
  readonly seed?: number
  /** How often the Collector itself is killed and started again, in milliseconds. Default: never. */
  readonly killCollectorEvery?: number
  readonly say?: (line: string) => void
}

/**
 * Two hosts at a time count and report on one directory and are killed at random, with a network between them and a real Collector
 * that refuses, hangs, cuts and delays. Then all is well, and what the Collector has archived is compared with the tally.
 */
export async function endure(options: EnduranceOptions): Promise<Endurance> {
  const { duration, seed = Date.now() % 2 ** 31, killCollectorEvery, say = () => {} } = options
  using scratch = createScratch()
  const random = createRandom('endurance', seed)
  const state = path.join(scratch.directory, 'state')
  const troubles = path.join(scratch.directory, 'troubles')
  const tally = createTally()
  const crashes: string[] = []
  let lives = 0
  let collectorKills = 0

  await using gateway = await startGateway(scratch.directory)
  await using network = await startBadNetwork(gateway.port, random)
  const until = performance.now() + duration
  const isOver = () => performance.now() > until || lives >= MAX_LIVES - 10

  const live = async () => {
    lives++
    return startLife({
      host: { endpoint: network.url, state, troubles, seed: random.below(2 ** 31) },
      ...{ tally: tally.open(), environment: hostEnvironment, crash: (what: string) => crashes.push(what) },
    })
  }
  const generations = async () => {
    while (!isOver()) {
      const life = await live()
      await Promise.race([work(life, random, 8), setTimeout(random.between(100, 2_500))])
      // Where they have nothing more to do, they wait for their end.
      await setTimeout(random.below(200))
      await life.end(random.chance(0.1) ? 'shutdown' : 'SIGKILL')
      if (lives % 100 === 0) say(`${lives} hosts`)
    }
  }
  const killCollector = async () => {
    while (killCollectorEvery !== undefined && !isOver()) {
      await setTimeout(killCollectorEvery)
      if (isOver()) return
      await gateway.kill()
      collectorKills++
      await gateway.start()
    }
  }
  await Promise.all([generations(), generations(), killCollector()])

  network.behave()
  for (let attempt = 0; attempt < 4 && (attempt === 0 || isWaiting(state)); attempt++) {
    const last = await live()
    await last.report()
    await last.report()
    await last.end('shutdown')
  }
  const archived = gateway.archived()
  return {
    ...tally.judge(archived.arrived),
    ...{ lives, collectorKills, crashes, unhandled: linesOf(troubles), isWaiting: isWaiting(state) },
    ...{ reports: archived.reports, repeats: archived.repeats },
  }
}

/** In a few sentences. */
export function tellEndurance(result: Endurance): string {
  const { begun, certain, late, lost, doubled, torn, lives, collectorKills, reports, repeats } = result
  return (
    `${lives} hosts counted ${begun} steps and were killed at random; the Collector was killed ${collectorKills} times; ${reports} reports are in its archive (${repeats} repeats). ` +
    `${certain} steps were confirmed to a host, and ${certain - lost} of them have arrived: ${lost} lost, ${doubled} doubled, ${torn} torn. ` +
    `Of the other ${begun - certain}, under way when a host was killed, ${late} have arrived, once. ` +
    `${result.crashes.length} crashes, ${result.unhandled.length} unhandled rejections.`
  )
}

/** The real Collector on fixed ports, so that it can be killed and comes back. */
async function startGateway(directory: string) {
  const overlay = path.join(directory, 'products.yaml')
  await writeFile(overlay, collectorConfig([{ name: product.name, catalog }]))
  const port = await freePort()
  const environment = {
    ...process.env,
    USAGE_GATEWAY_ENDPOINT: `127.0.0.1:${port}`,
    USAGE_GATEWAY_INNER_ENDPOINT: `127.0.0.1:${await freePort()}`,
    USAGE_GATEWAY_HEALTH_ENDPOINT: `127.0.0.1:${await freePort()}`,
    USAGE_GATEWAY_DIRECTORY: path.join(directory, 'gateway'),
    ...clickHouseEnvironment({ nativeEndpoint: 'tcp://127.0.0.1:1' }),
  }
  const start = async () =>
    startCollector({ collector: await theCollector(), configs: [oneFile, overlay], environment })
  let running = await start()
  return {
    port,
    async kill() {
      process.kill(running.pid, 'SIGKILL')
      await running.exited
    },
    async start() {
      running = await start()
    },
    archived: () => readArchive(path.join(running.directory, 'archive/usage.jsonl')),
    async [Symbol.asyncDispose]() {
      await running.stop()
    },
  }
}

/** What the Collector has on disk, each report once. */
function readArchive(file: string): { arrived: Arrived; reports: number; repeats: number } {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
  const reports = new Map<unknown, Arrived>()
  let all = 0
  for (const { resourceMetrics } of lines.flatMap(parse)) {
    for (const one of resourceMetrics) {
      const report = { resourceMetrics: [one] }
      reports.set(attributesOf(report)['usage.report.id'], stepsOf(report))
      all++
    }
  }
  return { arrived: sumOf([...reports.values()]), reports: reports.size, repeats: all - reports.size }
}

/** A line that a kill has torn was not accepted. */
function parse(line: string): OtlpRequest[] {
  try {
    return [JSON.parse(line)]
  } catch {
    return []
  }
}

/** Connections to a port, of which half go wrong at some point. */
async function startBadNetwork(port: number, random: Random) {
  let isBad = true
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)))
    const sin = isBad ? random.below(10) : 9
    // Refuses, or hangs until the host is gone.
    if (sin === 0) return void socket.resetAndDestroy()
    if (sin === 1) return void socket.resume()
    const onward = net.connect(port, '127.0.0.1')
    onward.on('error', () => socket.destroy()).on('close', () => socket.end())
    socket.on('close', () => onward.destroy())
    socket.pipe(onward)
    // The answer is lost, comes late, or is cut.
    if (sin === 2) onward.once('data', () => socket.resetAndDestroy())
    else if (sin === 3)
      onward.on(
        'data',
        (data) => void setTimeout(random.below(2_000)).then(() => socket.writable && socket.write(data)),
      )
    else if (sin === 4) void setTimeout(random.below(30)).then(() => isBad && socket.resetAndDestroy())
    else onward.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    behave() {
      isBad = false
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
