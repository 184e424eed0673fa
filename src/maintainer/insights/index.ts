/** Insights: answers from the store. */
export {
  type ActiveInstallationsOptions,
  activeInstallationsByVersion,
  type InstallationsOfVersion,
  type Question,
} from './active-installations.ts'
export { createInsights, type Insights, type InsightsOptions } from './insights.ts'
