import { codeOf, errorOf } from '../../platform/index.ts'
import { type ProblemName, Refusal } from './problem.ts'
import type { AdministeredTelemetry } from './types.ts'

/**
 * Returns the refusal for a decision of a person that could not be carried out. Every other error is returned as it is.
 *
 * @param invalid problem of a decision that does not fit. Default: the request is not valid
 */
export function refusalOf(
  error: unknown,
  usage: AdministeredTelemetry,
  invalid: ProblemName = 'invalid',
): Error {
  const { message } = errorOf(error)
  switch (codeOf(error)) {
    case 'ERR_USAGE_CONSENT_LOCKED': {
      const { source, because, opinions } = usage.consent.verdict()
      const name = opinions.find(({ won }) => won)?.name
      return new Refusal('consent-locked', message, { source, because, ...(name && { name }) })
    }
    case 'ERR_USAGE_CONSENT_CHANGED':
      return new Refusal('consent-changed', message, { verdict: Object(error).verdict })
    case 'ERR_USAGE_CONSENT_DECISION':
      return new Refusal(invalid, message)
    case 'ERR_USAGE_NOT_STORED':
      return new Refusal('not-stored', message)
    default:
      return errorOf(error)
  }
}
