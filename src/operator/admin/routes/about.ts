/** Operations that a page needs beside the others. */
import type { ProductReceiver } from '../../../library/telemetry/index.ts'
import { seriesOf } from '../../operations/index.ts'
import { route } from '../route.ts'
import { About, Series } from '../schemas.ts'

/** Largest number of reports that a chart shows. */
const MAX_REPORTS = 90

export const ABOUT_ROUTES = [
  route({
    method: 'GET',
    path: '/about',
    id: 'getAbout',
    summary: 'What a page says beside the status: levels of consent, the receiver, who asks',
    purpose: 'read',
    answer: About,
    async respond({ usage, product: { neverCollected = [], receiver, disclosure }, by, mayWrite }) {
      const { prefix, levels } = usage.catalog()
      const { legalNote } = disclosure ?? {}
      return {
        ...{ prefix, levels, neverCollected, you: { by, write: await mayWrite() } },
        ...(legalNote !== undefined && { legalNote }),
        ...(receiver && { receiver: receiverOf(receiver) }),
      }
    },
  }),

  route({
    method: 'GET',
    path: '/series',
    id: 'getSeries',
    summary: `Numbers of the newest ${MAX_REPORTS} reports in the local log, by fact, for charts`,
    purpose: 'read',
    answer: Series,
    respond: async ({ usage }) => ({ facts: await seriesOf(usage, MAX_REPORTS) }),
  }),
]

const receiverOf = ({ operator, seenBy, retention, erasure }: ProductReceiver) => ({
  ...{ operator, seenBy, retention, erasure },
})
