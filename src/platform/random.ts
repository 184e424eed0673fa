import { process, random } from './natives.ts'

/**
 * Returns a random UUID (RFC 9562, version 4). Loads `node:crypto` at the first use: importing it would cost every host milliseconds
 * and megabytes at its start.
 */
export const randomUuid = (): string => process.getBuiltinModule('node:crypto').randomUUID()

/** Returns the SHA-256 hash of bytes. */
export const sha256 = (bytes: Uint8Array): Buffer =>
  process.getBuiltinModule('node:crypto').createHash('sha256').update(bytes).digest()

let words = 0

/**
 * Returns a word that is unique among the writers of a file, other machines included. Not for secrets; needs no `node:crypto`. The
 * process id and a counter keep it unique if a test fakes `Math.random`.
 */
export const randomWord = (): string =>
  `${process.pid}-${(words++).toString(36)}-${random().toString(36).slice(2)}`
