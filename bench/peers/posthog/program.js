export async function start({ state, endpoint: host = 'http://127.0.0.1:9' }) {
  const { PostHog } = await import('posthog-node')
  return new PostHog('phc_acme', { host, disabled: state === 'off' })
}

export const callsOf = (posthog) => ({
  count: () =>
    posthog.capture({ distinctId: 'acme', event: 'command', properties: { command: 'find', result: 'ok' } }),
})

export const shutdown = (posthog) => posthog.shutdown()
