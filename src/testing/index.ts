/** Testing: proof that a host with its usage telemetry off is silent, for the host's own tests. */
export { assertSilent, observeAndAssertSilent, type SilenceOptions } from './assert-silent.ts'
export {
  HostNotObservedError,
  HostNotSilentError,
  HostTestingError,
  HostTestingOptionsError,
  ProofWithoutControlError,
  TracerUnavailableError,
} from './errors.ts'
export { observeHost } from './observe.ts'
export type { ObserveOptions } from './options.ts'
export { assertOffIsOff, type HostUnderTest, type OffAndOn } from './prove-off.ts'
export { straceProblem } from './strace.ts'
export type { ActionKind, HostAction, HostObservation, Tracer } from './types.ts'
