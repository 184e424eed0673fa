/** Operations that decide, and the history of decisions. */

import { codeOf } from '../../../platform/index.ts'
import { refusalOf } from '../refusals.ts'
import { type Route, route } from '../route.ts'
import { decisionAmong, History, Made, Nothing, Verdict } from '../schemas.ts'
import type { AdministeredTelemetry } from '../types.ts'

/** @param levels levels of the catalog */
export const consentRoutes = (levels: readonly string[]): readonly Route[] => [
  route({
    method: 'GET',
    path: '/consent',
    id: 'getConsent',
    summary: 'The verdict, with the opinion of every source',
    purpose: 'read',
    answer: Verdict,
    respond: async ({ usage }) => (await usage.status()).verdict,
  }),

  route({
    method: 'PUT',
    path: '/consent',
    id: 'putConsent',
    summary: 'Decides about consent',
    description:
      'The decision names what its maker has seen. If another verdict holds by now, or a source outside of the product has locked it, ' +
      'nothing is changed.',
    purpose: 'write',
    body: decisionAmong(levels),
    answer: Verdict,
    refusals: ['consent-changed', 'consent-locked', 'not-stored'],
    respond: ({ usage, by, body: { decision, expected } }) => decide(usage, decision, { by, expected }),
  }),

  route({
    method: 'GET',
    path: '/consent/history',
    id: 'getConsentHistory',
    summary: 'Every choice: who decided what, when, and in which version; the newest first',
    purpose: 'read',
    answer: History,
    async respond({ usage }) {
      const choices = await usage.consent.history()
      return { choices: choices.map(({ facts: _, ...choice }) => choice).reverse() }
    },
  }),

  route({
    method: 'POST',
    path: '/forget',
    id: 'forget',
    summary: 'Erases the installation here, and asks the receiver to do the same',
    purpose: 'write',
    body: Nothing,
    answer: Made,
    refusals: ['not-stored'],
    async respond({ usage, by }) {
      try {
        const { bytes: _, ...made } = await usage.forget({ by })
        return made
      } catch (error) {
        throw refusalOf(error, usage)
      }
    },
  }),
]

type SetConsent = AdministeredTelemetry['consent']['set']

async function decide(
  usage: AdministeredTelemetry,
  decision: string,
  choice: Parameters<SetConsent>[1],
): ReturnType<SetConsent> {
  try {
    return await usage.consent.set(decision, choice)
  } catch (error) {
    const isNo = ['disabled', 'off'].includes(decision)
    if (!isNo || codeOf(error) !== 'ERR_USAGE_NOT_STORED') throw refusalOf(error, usage)
  }
  try {
    // A no that cannot be stored holds in this process at least. One that expects a verdict does not, until it is stored.
    return await usage.consent.set(decision, { by: choice.by })
  } catch (error) {
    throw refusalOf(error, usage)
  }
}
