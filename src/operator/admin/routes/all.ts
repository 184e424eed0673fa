/** The operations of the interface. */
import type { Route } from '../route.ts'
import { ABOUT_ROUTES } from './about.ts'
import { consentRoutes } from './consent.ts'
import { EVENT_ROUTES } from './events.ts'
import { EXPORT_ROUTES } from './export.ts'
import { REPORT_ROUTES } from './reports.ts'
import { stateRoutes } from './state.ts'
import { VERSION_ROUTES } from './version.ts'

/** @param levels levels of the catalog */
export const routesFor = (levels: readonly string[]): readonly Route[] => [
  ...stateRoutes(levels),
  ...consentRoutes(levels),
  ...REPORT_ROUTES,
  ...EXPORT_ROUTES,
  ...VERSION_ROUTES,
  ...ABOUT_ROUTES,
  ...EVENT_ROUTES,
]
