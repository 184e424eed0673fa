import { process, random } from './natives.ts'

/**
 * A random UUID (RFC 9562, version 4). `node:crypto` is fetched when it is used: importing it would cost every host milliseconds and
 * megabytes at its start.
 */
export const randomUuid = (): string => process.getBuiltinModule('node:crypto').randomUUID()

/** The SHA-256 of bytes. */
export const sha256 = (bytes: Uint8Array): Buffer =>
  process.getBuiltinModule('node:crypto').createHash('sha256').update(bytes).digest()

let words = 0

/**
 * A word that no two writers of one file come upon at the same time, other machines included. Anybody may guess it; in exchange
 * nothing is loaded for it. Not by chance alone: tests make `Math.random` give always the same.
 */
export const randomWord = (): string =>
  `${process.pid}-${(words++).toString(36)}-${random().toString(36).slice(2)}`
