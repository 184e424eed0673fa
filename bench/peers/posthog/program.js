export async function start({ state }) {
  const { PostHog } = await import('posthog-node')
  return new PostHog('phc_acme', { host: 'http://127.0.0.1:9', disabled: state === 'off' })
}

export const callsOf = (posthog) => ({
  count: () =>
    posthog.capture({ distinctId: 'acme', event: 'command', properties: { command: 'find', result: 'ok' } }),
})
