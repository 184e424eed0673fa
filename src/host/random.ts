/**
 * A random UUID (RFC 9562, version 4). By the global `crypto`, which Node.js loads when it is used: importing `node:crypto`
 * would cost every host milliseconds and megabytes at its start.
 */
export const randomUuid = (): string => globalThis.crypto.randomUUID()
