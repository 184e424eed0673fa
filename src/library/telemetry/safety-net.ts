import { codeOf, errorOf } from '../../platform/index.ts'
import type { Preview } from '../report/index.ts'
import type { ReportResult } from './surface.ts'

/** Returns whether an error is for the host: a mistake of the maintainer, or a start that the product refuses. */
export const isForTheHost = (error: unknown): boolean => /^ERR_USAGE_/.test(String(codeOf(error)))

/** Returns the result of a report that failed for an unforeseen reason. */
export const failedReport = (error: unknown): ReportResult => ({
  outcome: 'suppressed',
  reason: `the usage telemetry has failed: ${errorOf(error).message}`,
})

/** Returns the preview for the same case. */
export const failedPreview = (error: unknown): Preview => ({
  facts: { attributes: {}, points: [] },
  text: `There is no preview, because the usage telemetry has failed: ${errorOf(error).message}\n`,
  wouldBeSent: false,
})
