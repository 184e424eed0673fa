export async function start({ state, endpoint: host = 'http://127.0.0.1:9' }) {
  const { Analytics } = await import('@segment/analytics-node')
  return new Analytics({ writeKey: 'acme', host, disable: state === 'off' })
}

export const callsOf = (analytics) => ({
  count: () =>
    analytics.track({ userId: 'acme', event: 'command', properties: { command: 'find', result: 'ok' } }),
})

export const shutdown = (analytics) => analytics.closeAndFlush()
