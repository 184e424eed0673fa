/** Operations that look at the present state. */
import * as v from 'valibot'
import { describeFacts } from '../../operations/index.ts'
import { contentOf } from '../content.ts'
import { type Route, route } from '../route.ts'
import { FactList, Preview, Status } from '../schemas.ts'

const levelAmong = (levels: readonly string[]) =>
  v.strictObject({
    level: v.optional(
      v.pipe(
        v.picklist(['off', ...levels]),
        v.description('Level of the catalog, or off. Default: what holds'),
      ),
    ),
  })

/** @param levels levels of the catalog */
export const stateRoutes = (levels: readonly string[]): readonly Route[] => [
  route({
    method: 'GET',
    path: '/status',
    id: 'getStatus',
    summary: 'Everything about the state: verdict, next report, delivery, installation, state store, version',
    purpose: 'read',
    answer: Status,
    respond: ({ usage }) => usage.status(),
  }),

  route({
    method: 'GET',
    path: '/preview',
    id: 'getPreview',
    summary: 'The report that would be made now, or under another level; it changes nothing',
    purpose: 'read',
    query: levelAmong(levels),
    answer: Preview,
    async respond({ usage, query: { level } }) {
      const { bytes, facts, text, wouldBeSent } = await usage.preview(level === undefined ? {} : { level })
      return { wouldBeSent, facts, table: text, ...(bytes && { report: contentOf(bytes) }) }
    },
  }),

  route({
    method: 'GET',
    path: '/facts',
    id: 'listFacts',
    summary: 'Every declared fact: why, level, owner, expiry, and what happens to it now',
    purpose: 'read',
    answer: FactList,
    respond: async ({ usage }) => ({ facts: await describeFacts(usage), levels: usage.catalog().levels }),
  }),
]
