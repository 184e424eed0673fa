export async function start({ state }) {
  const { default: Glean } = await import('@mozilla/glean/node')
  const { default: CounterMetricType } = await import('@mozilla/glean/private/metrics/counter')
  Glean.initialize('acme', state === 'on', { serverEndpoint: 'https://127.0.0.1:9' })
  return new CounterMetricType({
    category: 'acme',
    name: 'commands',
    sendInPings: ['metrics'],
    lifetime: 'ping',
    disabled: false,
  })
}

export const callsOf = (counter) => ({ count: () => counter.add() })
