/** Operations on the version notice. */
import { refusalOf } from '../refusals.ts'
import { route } from '../route.ts'
import { Acknowledgement, Checked, Nothing, Version } from '../schemas.ts'
import type { AdministeredTelemetry } from '../types.ts'

export const VERSION_ROUTES = [
  route({
    method: 'GET',
    path: '/version',
    id: 'getVersion',
    summary: 'The newest version and the advisories about the running one',
    purpose: 'read',
    answer: Version,
    respond: ({ usage }) => versionOf(usage),
  }),

  route({
    method: 'POST',
    path: '/version/check',
    id: 'checkVersion',
    summary: 'Reads the version feed now, if that is permitted',
    purpose: 'write',
    body: Nothing,
    answer: Checked,
    respond: ({ usage }) => usage.version.check(),
  }),

  route({
    method: 'POST',
    path: '/version/acknowledgements',
    id: 'acknowledgeAdvisory',
    summary: 'Acknowledges an advisory until a day: it stays in the notice, and counts no more',
    purpose: 'write',
    body: Acknowledgement,
    answer: Version,
    refusals: ['not-acknowledged', 'not-stored'],
    async respond({ usage, by, body: { id, until } }) {
      try {
        await usage.version.acknowledge(id, { by, until })
      } catch (error) {
        throw refusalOf(error, usage, 'not-acknowledged')
      }
      return versionOf(usage)
    },
  }),
]

async function versionOf(usage: AdministeredTelemetry) {
  const { product, version } = await usage.status()
  return { running: product.version, ...(version && { state: version }) }
}
