// It has one receiver, and nothing is to reach that from here.
globalThis.fetch = async () => new Response()

export async function start({ state }) {
  if (state === 'off') process.env.ASTRO_TELEMETRY_DISABLED = '1'
  const { AstroTelemetry } = await import('@astrojs/telemetry')
  return new AstroTelemetry({ astroVersion: '1.0.0', viteVersion: '1.0.0' })
}

export const callsOf = (telemetry) => ({
  count: () => telemetry.record({ eventName: 'command', payload: { command: 'find', result: 'ok' } }),
})
