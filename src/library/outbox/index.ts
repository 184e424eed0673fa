/** How waiting reports are tried: when again, and what is left of them when a person says no or wants the installation erased. */
export { distinct, type Erasable, keepErasables, keepErasureOf, readErasables } from './erasures.ts'
export { createRetries, type Retries } from './retry.ts'
export { MOST_LOOKED_AT, type WithdrawalOptions, withdraw } from './withdrawal.ts'
