/** Names of all entries and folders in a state store. */
export const ENTRIES = {
  /** Folder of the counts that reports have delivered; the entry with the highest number is the current one. */
  acknowledged: 'acknowledged',
  /** Stage of the adoption of an earlier installation id. */
  adoption: 'adoption.json',
  /** Facts as last announced to the operator. */
  announced: 'announced.json',
  /** History of choices, a JSON document per line. */
  consent: 'consent.jsonl',
  /** Folder of the counts of each process, one entry each. */
  counts: 'counts',
  /** Report data that a process has left for its detached child process. */
  detached: 'detached.json',
  /** Installation ids whose erasure is still to be requested from the receiver. */
  erasure: 'erasure.json',
  /** Options of the host at its last start, for inspections. */
  host: 'host.json',
  /** Installation id. */
  installation: 'installation.json',
  /** Folder of leases on tasks that only one process at a time does, one entry each. */
  leases: 'leases',
  /** Local log of all reports, a JSON document per line. */
  ledger: 'ledger.jsonl',
  /** Folder of the older segments of that log. */
  ledgerSegments: 'ledger',
  /** Folder of reports that wait to be sent, one entry each. */
  outbox: 'outbox',
  /** Product that the state belongs to. */
  product: 'product.json',
  /** Number of failed attempts to send, and the retired endpoint. */
  retry: 'retry.json',
  /** Schedule of the reports. */
  schedule: 'schedule.json',
  /** Findings of the last version check. */
  version: 'version.json',
  /** Acknowledged advisories, a JSON document per line. */
  versionAcknowledged: 'version-acknowledged.jsonl',
  /** Version feed as last fetched. */
  versionFeed: 'version-feed.json',
  /** Schedule of the version checks. */
  versionSchedule: 'version-schedule.json',
} as const
