import path from 'node:path'
import {
  applySchema,
  type ClickHouseConnection,
  type Collector,
  clickHouseEnvironment,
  connectClickHouse,
  freePort,
  maintainStore,
  originOverlay,
  type RunningCollector,
  startClickHouse,
  startCollector,
} from '../../src/gateway.ts'
import { createInsights, type Insights } from '../../src/insights.ts'
import { isImportantLine, readableLine } from '../../src/maintainer/stack/log-line.ts'
import type { Screen } from './screen.ts'
import { SIMULATED } from './simulated.ts'

/** Running gateway and store. */
export interface System {
  readonly gateway: RunningCollector
  readonly store: ClickHouseConnection
  /** Address of the store, with its login. */
  readonly url: string
  /** File for `curl --config` with the login of the store. */
  readonly curlConfig: string
  readonly insights: Insights
  /** Makes what the answers are read from. */
  maintain(): Promise<void>
  /** Returns the number of data points that the gateway has received, by its own count. */
  arrived(): Promise<number>
  stop(): Promise<void>
}

export interface StartSystemOptions {
  readonly collector: Collector
  /** Port of the gateway. */
  readonly port: number
  /** Directory of queue, archive and data. */
  readonly directory: string
  readonly screen: Screen
}

const overlays = ['../../collector-config/archive.yaml', '../../examples/minimal/collector.yaml'].map(
  (file) => path.resolve(import.meta.dirname, file),
)
const DATABASE = 'usage'

/** Starts ClickHouse and the Collector on free ports, so that the demo disturbs no other program. */
export async function startSystem({
  collector,
  directory,
  port,
  screen,
}: StartSystemOptions): Promise<System> {
  const started: Array<{ stop(): Promise<void> }> = []
  const stop = async () => {
    for (const one of started.splice(0)) await one.stop()
  }
  try {
    const clickHouse = await startClickHouse({
      directory: path.join(directory, 'clickhouse'),
      httpPort: 0,
      grants: [
        `GRANT SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP, OPTIMIZE ON ${SIMULATED}.*`,
      ],
    })
    started.unshift(clickHouse)
    await applySchema({ url: clickHouse.url, database: DATABASE })
    const [inner, health] = [await freePort(), await freePort()]
    const origin = await originOverlay(collector, process.env)
    const gateway = await startCollector({
      collector,
      configs: [...origin.configs, ...overlays],
      environment: {
        ...origin.environment,
        USAGE_GATEWAY_DIRECTORY: path.join(directory, 'gateway'),
        USAGE_GATEWAY_ENDPOINT: `127.0.0.1:${port}`,
        USAGE_GATEWAY_INNER_ENDPOINT: `127.0.0.1:${inner}`,
        USAGE_GATEWAY_HEALTH_ENDPOINT: `127.0.0.1:${health}`,
        ...clickHouseEnvironment(clickHouse, DATABASE),
      },
      onLine: (line) => {
        if (isImportantLine(line)) screen.quote(`collector: ${readableLine(line)}`)
      },
    })
    started.unshift(gateway)
    const insights = createInsights({ url: clickHouse.url, database: DATABASE, smallestGroup: 1 })
    const store = await connectClickHouse({ url: clickHouse.url, database: DATABASE })
    started.unshift({ stop: () => insights.close() }, { stop: () => store.close() })
    screen.say(`OpenTelemetry Collector ${collector.version} (${collector.how}) at ${gateway.url}`)
    screen.say(`Origin of a report: ${origin.summary}`)
    screen.say(`ClickHouse ${clickHouse.version} (${clickHouse.how}) at ${new URL(clickHouse.url).origin}`)
    const curlConfig = path.join(directory, 'clickhouse', 'curl.cfg')
    const arrived = () => acceptedPoints(gateway.metricsUrl)
    const maintain = () => maintainStore({ url: clickHouse.url, database: DATABASE })
    return { gateway, store, url: clickHouse.url, curlConfig, insights, maintain, arrived, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function acceptedPoints(metricsUrl: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text()
  const line = /^otelcol_receiver_accepted_metric_points\{.*receiver="otlp".*\} (\S+)$/m.exec(text)
  return Number(line?.[1] ?? 0)
}
