/** The names of everything that is kept in a state store: the one place that knows the layout. */
export const ENTRIES = {
  /** The history of choices, a JSON document per line. */
  consent: 'consent.jsonl',
  /** The installation id. */
  installation: 'installation.json',
  /** The local log of all reports, a JSON document per line. */
  ledger: 'ledger.jsonl',
  /** The folder of reports that wait to be sent, one entry each. */
  outbox: 'outbox',
  /** The time of the last report. */
  schedule: 'schedule.json',
} as const
