/** The first start of a product, which never asks yet. */
export async function start() {
  const { default: updateNotifier } = await import('update-notifier')
  return updateNotifier({ pkg: { name: 'acme', version: '1.0.0' } })
}
