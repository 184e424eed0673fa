/** Whether anything may be sent: one verdict from every source, and why. Nothing here writes. */
export { type DisclosureSubject, disclosureText } from './disclosure.ts'
export type { ConsentInputs, ConsentSource, ConsentState, Opinion, Verdict } from './types.ts'
export { decideConsent } from './verdict.ts'
export { optsOut } from './words.ts'
