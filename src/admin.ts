/**
 * The usage telemetry for the operator's browser: a page and a REST interface, as a handler for `node:http`, Express, Fastify and
 * `fetch`. Nothing of them is loaded before the first request.
 *
 * @module otel-usage/admin
 */

export {
  type AdminAccess,
  type AdminHandler,
  type AdminHandlerOptions,
  type AdministeredTelemetry,
  createAdminHandler,
} from './operator/admin/index.ts'
export type { OperatedTelemetry } from './operator/operations/index.ts'
export { type Mistake, UsageConfigurationError } from './platform/index.ts'
