/**
 * A random UUID (RFC 9562, version 4). By the global `crypto`, which Node.js loads when it is used: importing `node:crypto`
 * would cost every host milliseconds and megabytes at its start.
 */
export const randomUuid = (): string => globalThis.crypto.randomUUID()

/**
 * A word that no two writers of one file come upon at the same time, other machines included. Anybody may guess it; in exchange
 * nothing is loaded for it.
 */
export const randomWord = (): string => `${process.pid}-${Math.random().toString(36).slice(2)}`
