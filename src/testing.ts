/**
 * Proof that off is off, for a host's own tests: runs the host from start to exit and reports every socket, DNS query, child
 * process and identity file. A system-call trace where there is one (strace on Linux), hooks in Node.js elsewhere.
 *
 * @module otel-usage/testing
 */
export * from './testing/index.ts'
