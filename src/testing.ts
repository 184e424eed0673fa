/**
 * For a product's own tests.
 *
 * A test kit: a whole usage telemetry in the process of the test, with a clock that the test moves and a receiver without a socket.
 *
 * Proof that off is off: runs the product from start to exit and reports every socket, DNS query, child process and identity file. A
 * system-call trace where there is one (strace on Linux), hooks in Node.js elsewhere.
 *
 * @module otel-usage/testing
 */
export * from './library/test-kit/index.ts'
export * from './testing/index.ts'
