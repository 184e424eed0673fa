/** The names of everything that is kept in a state store: the one place that knows the layout. */
export const ENTRIES = {
  /** The folder of what reports have delivered of the counts: the entry with the highest number holds. */
  acknowledged: 'acknowledged',
  /** The facts as the operator was last told of them. */
  announced: 'announced.json',
  /** The history of choices, a JSON document per line. */
  consent: 'consent.jsonl',
  /** The folder of what each process has counted, one entry each. */
  counts: 'counts',
  /** What a process that ended has left for its child process to report. */
  detached: 'detached.json',
  /** The ids that a person wanted erased, and the receiver could not be asked to. */
  erasure: 'erasure.json',
  /** The installation id. */
  installation: 'installation.json',
  /** The folder of tasks that one process at a time does, one entry each. */
  leases: 'leases',
  /** The local log of all reports, a JSON document per line. */
  ledger: 'ledger.jsonl',
  /** The folder of the older parts of that log. */
  ledgerSegments: 'ledger',
  /** The folder of reports that wait to be sent, one entry each. */
  outbox: 'outbox',
  /** Whose state it is. */
  product: 'product.json',
  /** How often sending has failed, and which endpoint is retired. */
  retry: 'retry.json',
  /** The time of the last report. */
  schedule: 'schedule.json',
} as const
