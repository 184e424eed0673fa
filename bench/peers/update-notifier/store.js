/** Counts in what it keeps its own state in. */
export async function start({ file }) {
  const { default: Configstore } = await import('configstore')
  return new Configstore('acme', {}, { configPath: file })
}

export const callsOf = (store) => ({
  count: () => store.set('commands', (store.get('commands') ?? 0) + 1),
})

export const shutdown = () => {}
