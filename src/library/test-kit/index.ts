/** Test kit: a whole usage telemetry for a product's own tests, with a clock that the test moves and a receiver without a socket. */
export type { TestClock } from './test-clock.ts'
export type { ReceivedReport, TestAnswer, TestReceiver } from './test-receiver.ts'
export {
  createTestTelemetry,
  type TestTelemetry,
  type TestTelemetryChanges,
  type TestTelemetryOptions,
} from './test-telemetry.ts'
