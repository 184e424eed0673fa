/** The state in sentences: what happens, why, and when something goes out next. */
import type { Choice, Status } from './client.ts'
import type { Format } from './format.ts'
import type { Messages } from './messages/messages.ts'

export interface Sentences {
  readonly headline: string
  /** Sentences below the headline. */
  readonly more: readonly string[]
}

export interface Shown {
  readonly status: Status
  readonly choices: readonly Choice[]
  /** Time in milliseconds since 1970. */
  readonly now: number
}

export function sentencesOf({ status, choices, now }: Shown, messages: Messages, format: Format): Sentences {
  const { verdict, product, delivery, nextReportAt } = status
  const due = nextReportAt === undefined ? undefined : Date.parse(nextReportAt) - now
  const time = due === undefined ? undefined : due < 60_000 ? messages.now : format.duration(due)
  const because = reasonOf(status, choices, messages, format)
  switch (verdict.state) {
    case 'enabled':
      return {
        headline: messages.sends(product.title, receiverOf(status)),
        more: [
          because,
          ...(time === undefined ? [] : [messages.nextIn(time)]),
          ...(delivery.waiting > 0 && delivery.failures > 0 ? [messages.waiting(delivery.waiting)] : []),
        ],
      }
    case 'disabled':
      return {
        headline: messages.sendsNothing(product.title),
        more: [because, ...(time === undefined ? [] : [messages.nextLogged(time)])],
      }
    case 'undecided':
      return {
        headline: messages.undecided(product.title),
        more: [time === undefined ? messages.sendsNothingYet : messages.firstIn(time)],
      }
  }
}

function reasonOf(
  { verdict }: Status,
  choices: readonly Choice[],
  messages: Messages,
  format: Format,
): string {
  const { source, because } = verdict
  switch (source) {
    case 'stored-choice': {
      const choice = choices.find(({ at }) => at === verdict.since) ?? choices[0]
      return choice
        ? messages.because.choice(choice.by, format.day(choice.at))
        : messages.because.setting(because)
    }
    case 'default':
      return messages.because.default
    case 'locked-configuration':
    case 'configuration':
      return messages.because.configuration(because)
    case 'seed':
      return messages.because.installed(because)
    case 'automation':
      return messages.because.automation(because)
    case 'development':
      return messages.because.development(because)
    case 'state':
      return messages.because.state(because)
    default:
      return messages.because.setting(because)
  }
}

/** Returns the host of the receiver, as people name it. */
export function receiverOf({ endpoint }: Pick<Status, 'endpoint'>): string {
  return endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint).host : '-'
}
