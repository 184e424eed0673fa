/** The community report: a static site of answers that everybody may see, from a definition file. */
export type { DefinitionOptions, ReportDefinition, ReportProduct, ReportQuestion } from './definition.ts'
export { firstDefinition } from './first-definition.ts'
export { type AskProduct, type GatheredReport, type GatherOptions, gatherReport } from './gather.ts'
export { readDefinition } from './read-definition.ts'
export { REPORT_SCHEMA } from './schema.ts'
export { siteFiles } from './site.ts'
export { writeSite } from './write-site.ts'
