import { answerOfHost, type Clock, errorOf, type Logger } from '../../platform/index.ts'
import type { AdminSettings } from './options.ts'
import { Refusal } from './problem.ts'
import type { AdminAccess } from './types.ts'

/** Longest time that a host may take to say who asks, in milliseconds. */
const MAX_TIME = 30_000

/** Purpose of a request: to look, or to change something. */
export type Purpose = 'read' | 'write'

export interface Gate {
  /**
   * Asks the host who has sent a request, and whether that person may do this. Resolves to the name of the person.
   *
   * @param source request as the host has it
   * @throws {Refusal} with the status 401, 403 or 500
   */
  admit(source: Parameters<NonNullable<AdminSettings['authorize']>>[0], purpose: Purpose): Promise<string>
}

export function createGate({
  authorize,
  clock,
  logger,
}: Pick<AdminSettings, 'authorize'> & { readonly clock: Clock; readonly logger: Logger }): Gate {
  return {
    async admit(source, purpose) {
      if (!authorize)
        throw new Refusal(
          'not-permitted',
          'The product does not say who may see this, so nobody may: createAdminHandler has no option authorize.',
        )
      const access = await ask(() => authorize(source))
      if (!access)
        throw new Refusal(
          'not-signed-in',
          'Sign in to the product, and try again.',
          {},
          // Not a scheme for which a browser asks for a password.
          { 'www-authenticate': 'Session' },
        )
      if (access[purpose] !== true)
        throw new Refusal(
          'not-permitted',
          purpose === 'read'
            ? 'The product does not permit you to see its usage telemetry.'
            : 'The product permits you to see its usage telemetry, but not to decide about it.',
        )
      if (!isName(access.by)) throw failed('authorize() named nobody; return { by } with 1 to 128 characters')
      return access.by
    },
  }

  async function ask(question: () => unknown): Promise<AdminAccess | undefined> {
    try {
      const answer = await answerOfHost(question, { clock, within: MAX_TIME })
      return typeof answer === 'object' && answer !== null ? (answer as AdminAccess) : undefined
    } catch (error) {
      throw failed(errorOf(error).message)
    }
  }

  function failed(reason: string): Refusal {
    logger.error(
      `A request about the usage telemetry was refused, because the host could not say who asks: ${reason}`,
    )
    return new Refusal('failed', 'The product could not say who asks. Its log has the reason.')
  }
}

const isName = (by: unknown): boolean => typeof by === 'string' && by.trim() !== '' && by.length <= 128
