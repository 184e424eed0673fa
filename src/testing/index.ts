/**
 * Proof that off is off, for a host's own tests: runs the host from start to exit and tells every socket, DNS query, child
 * process and identity file. A system-call trace where there is one (strace on Linux), hooks in Node.js elsewhere.
 */
export { assertSilent, provesSilence, type SilenceOptions } from './assert-silent.ts'
export {
  HostNotObservedError,
  HostNotSilentError,
  HostTestingError,
  ProofWithoutControlError,
  TracerUnavailableError,
} from './errors.ts'
export { observeHost } from './observe.ts'
export type { ObserveOptions } from './options.ts'
export { type HostUnderTest, type OffAndOn, provesOffIsOff } from './prove-off.ts'
export { straceProblem } from './strace.ts'
export type { ActionKind, HostAction, HostObservation, Tracer } from './types.ts'
