import type { Facts } from '../../src/catalog/index.ts'
import { type ConsentInputs, type ConsentOptions, createConsent } from '../../src/library/consent/index.ts'
import { createDirectoryStore, type StateStore } from '../../src/state/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { silence } from './arbitraries.ts'

export interface RunningOptions extends Partial<Omit<ConsentOptions, 'inputs' | 'store'>> {
  readonly inputs?: Partial<ConsentInputs>
}

/** The consent of a product whose state is in a directory or a store: Acme 2.4.0 with version 2 of its catalog. */
export function consentIn(state: string | StateStore, { inputs, ...more }: RunningOptions = {}) {
  return createConsent({
    inputs: silence(inputs),
    store: typeof state === 'string' ? createDirectoryStore(state) : state,
    clock: createFakeClock(),
    productVersion: () => '2.4.0',
    catalogVersion: 2,
    ...more,
  })
}

export const fact = {
  kind: 'gauge',
  unit: '{item}',
  level: 'basic',
  since: 1,
  why: 'Shows it.',
  example: 1,
} as const
/** Facts of an early catalog, and of a later one that has one more. */
export const EARLY = { 'acme.users': fact } as Facts
export const LATE = { ...EARLY, 'acme.nodes': { ...fact, since: 2 } } as Facts
