export async function start({ state }) {
  const { Analytics } = await import('@segment/analytics-node')
  return new Analytics({ writeKey: 'acme', host: 'http://127.0.0.1:9', disable: state === 'off' })
}

export const callsOf = (analytics) => ({
  count: () =>
    analytics.track({ userId: 'acme', event: 'command', properties: { command: 'find', result: 'ok' } }),
})
