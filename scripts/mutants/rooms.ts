/**
 * Rooms that are tested by mutation, and the tests that run for each. They run in one process: a host in a separate process would not
 * have the change. The longest come last.
 */
export interface Room {
  /** Patterns of files. */
  readonly code: readonly string[]
  /** Test files below `test/`, without their ending. */
  readonly tests: readonly string[]
}

const below = (directory: string, ...names: readonly string[]) => names.map((name) => `${directory}/${name}`)

export const ROOMS: Readonly<Record<string, Room>> = {
  counts: {
    code: ['src/library/counts/**/*.ts'],
    tests: [
      ...below(
        'counts',
        'runs',
        'gauges',
        'stored',
        'local-counter',
        'pending',
        'acknowledged',
        'coverage',
        'merge-cases',
        'report-log',
      ),
      ...below('telemetry', 'totals', 'outbox-catalog', 'restart', 'no-in-passing'),
      ...below('counts', 'source-bounds', 'sources', 'model', 'merge'),
      ...below('telemetry', 'sources', 'combined-gauges'),
      ...below('telemetry', 'counts'),
    ],
  },
  delivery: {
    code: ['src/library/delivery/**/*.ts'],
    tests: [
      ...below('delivery', 'steps', 'retry', 'withdrawal', 'lease', 'export', 'export-faults'),
      ...below('telemetry', 'network', 'delivery-status', 'withdrawal', 'no-before-sending', 'forget'),
      ...below(
        'telemetry',
        'report',
        'outbox-catalog',
        'shutdown',
        'logging',
        'renamed',
        'events',
        'final-report',
      ),
      ...below('delivery', 'crowded'),
      ...below('telemetry', 'outbox'),
    ],
  },
  state: {
    code: ['src/state/**/*.ts', '!src/state/postgres*.ts'],
    tests: [
      ...below('state', 'contract', 'directory', 'foreign-stores', 'left-overs', 'location', 'other-users'),
      ...below('state', 'rename', 'resilient', 'steps-left-out', 'lease', 'odd-files', 'namespaced'),
      ...below('telemetry', 'unwritable', 'several-products', 'two-owners', 'not-stored', 'odd-state'),
    ],
  },
  // Apart from the other stores: each process that tests it starts a database.
  postgres: {
    code: ['src/state/postgres*.ts'],
    tests: below('state', 'postgres-options', 'postgres.slow'),
  },
  consent: {
    code: ['src/library/consent/**/*.ts'],
    tests: [
      ...below(
        'consent',
        'announce-facts',
        'choosing',
        'current-verdict',
        'verdict',
        'readers',
        'automation',
        'development',
        'given',
        'history',
        'stored-choice',
        'sources',
        'words',
        'odd-cases',
        'disclosure',
      ),
      ...below('consent', 'locks', 'misspelt', 'expected', 'unreadable-choice', 'seed-and-sticky'),
      ...below('consent', 'seed-systems'),
      ...below('telemetry', 'not-stored', 'contributions', 'renamed', 'environment-once', 'first-yes'),
      ...below('telemetry', 'consent-catalog-version', 'consent-conflicts', 'consent-counts', 'consent-no'),
      ...below('telemetry', 'consent-exclusions', 'consent-explain', 'consent-packaging'),
      ...below('telemetry', 'consent-stretched', 'consent-disclosure', 'while-disabled', 'opted-out'),
      ...below('consent', 'properties'),
    ],
  },
}
