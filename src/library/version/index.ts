/**
 * Version checks: the newest version and advisories, from a static feed or the header of a delivered report. Entered by `import()`, for
 * products that have them; what fetches and compares is loaded when a check is due.
 */

export type { FetchFeed } from './check.ts'
export { permissionOf } from './permission.ts'
export type {
  ShownVersion,
  UsageVersion,
  VersionAdvisory,
  VersionCheckOptions,
  VersionCheckResult,
  VersionCondition,
  VersionNotice,
  VersionStatus,
} from './types.ts'
export { createVersionWatch, type VersionWatch, type VersionWatchOptions } from './watch.ts'
