import type { Verdict } from './types.ts'

/** Who tells, and where to read on. */
export interface DisclosureSubject {
  /** The product as people call it. */
  readonly title: string
  /** The page about the product's telemetry. */
  readonly homepage?: string | undefined
  /** The host name that reports go to. */
  readonly receiver: string
  /** The variable that opts out. */
  readonly optOutVariable: string
}

/**
 * The notice at start, in full sentences, one text for each state: what is reported, to whom, and the exact words that
 * stop it. Short where nothing is sent.
 */
export function disclosureText(verdict: Verdict, subject: DisclosureSubject): string {
  const { title, homepage, receiver, optOutVariable } = subject
  const readOn = homepage ? ` Read more: ${homepage}` : ''
  switch (verdict.state) {
    case 'disabled':
      return `${title} sends no usage reports (${verdict.because}). Reports are still written to the local log.${readOn}`
    case 'enabled':
      return (
        `${title} sends a usage report to ${receiver} once a day (${verdict.because}); every report is in the local log. ` +
        `To stop it: ${optOutVariable}=1.${readOn}`
      )
    case 'undecided':
      return (
        `${title} will send a usage report to ${receiver} once a day, unless it is told not to; ` +
        `every report is in the local log. To stop it: ${optOutVariable}=1.${readOn}`
      )
  }
}
