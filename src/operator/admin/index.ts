/**
 * A REST interface and a page for the operator, as a handler that a host mounts in its own server. Nothing but the handler is loaded
 * before the first request.
 */
export { createAdminHandler } from './handler.ts'
export type { AdminAccess, AdminHandler, AdminHandlerOptions, AdministeredTelemetry } from './types.ts'
