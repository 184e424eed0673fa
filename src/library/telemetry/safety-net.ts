import { codeOf, errorOf } from '../../platform/index.ts'
import type { Preview } from '../report/index.ts'
import type { ReportResult } from './surface.ts'

/** Whether an error is meant for the host: a mistake of the maintainer, or a start that the product refuses. */
export const isForTheHost = (error: unknown): boolean => /^ERR_USAGE_/.test(String(codeOf(error)))

/** What a report is that has failed for a reason that nobody has foreseen, in surroundings that break everything perhaps. */
export const failedReport = (error: unknown): ReportResult => ({
  outcome: 'suppressed',
  reason: `the usage telemetry has failed: ${errorOf(error).message}`,
})

/** The same of a preview. */
export const failedPreview = (error: unknown): Preview => ({
  facts: { attributes: {}, points: [] },
  text: `There is no preview, because the usage telemetry has failed: ${errorOf(error).message}\n`,
  wouldBeSent: false,
})
