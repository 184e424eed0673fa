/**
 * What an operator sees and decides in a browser or by HTTP: a REST interface and a page, as a handler that a host mounts in its own
 * server. Nothing but the handler is loaded before the first request.
 */
export {
  type AdminAccess,
  type AdminHandler,
  type AdminHandlerOptions,
  type AdministeredTelemetry,
  createAdminHandler,
} from './handler.ts'
