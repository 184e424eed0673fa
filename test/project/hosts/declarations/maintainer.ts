// What a maintainer's scripts export, where declarations are built; compiled by a test, never run.
import * as gateway from 'otel-usage/gateway'
import * as insights from 'otel-usage/insights'
import * as testing from 'otel-usage/testing'
export const collector = gateway.findCollector()
export const click = gateway.findClickHouse()
export const ways = (error: gateway.CollectorNotFoundError) => error.ways
export const status = async () => {
  const s = await gateway.gatewayStatus({ directory: '.' })
  return { s, aside: s.aside, damaged: s.damaged }
}
export const start = async () => gateway.startCollector({ collector: await collector })
export const overlay = async () => gateway.originOverlay(await collector, {})
export const answers = insights.createInsights({ url: 'http://localhost' })
export const question = insights.createInsights({ url: 'http://localhost' }).versions({ product: 'acme' })
export const observed = testing.observeHost({ command: ['true'] })
export const proof = testing.assertOffIsOff(() => ({ command: ['true'], environment: {} }), {
  off: {},
  on: {},
})
export { gateway, insights, testing }
