/** The operation that a page listens to. */
import { route } from '../route.ts'

export const EVENT_ROUTES = [
  route({
    method: 'GET',
    path: '/events',
    id: 'getEvents',
    summary: 'Stream of events: consent, report, sending',
    description:
      'Server-sent events. `ready` comes first. `missed` comes in place of events that a slow reader has missed: read everything again.',
    purpose: 'read',
    produces: 'text/event-stream',
    refusals: ['busy'],
    async respond({ streams, isPermitted, method }) {
      return new Response(method === 'HEAD' ? null : streams.open(isPermitted), {
        // nginx would collect events before it passes them on.
        headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
      })
    },
  }),
]
