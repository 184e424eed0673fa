/**
 * Decides whether reports may be sent: one verdict from all sources, with the reason. {@link decideConsent} is a pure function;
 * {@link createConsent} keeps its verdict for a running product. Only a choice and a start write to the store.
 */

export { detectAutomation } from './automation.ts'
export {
  type Choice,
  type Chooser,
  type ConsentListener,
  nameOfChooser,
  type UsageConsent,
} from './choice.ts'
export { createConfigurationReader } from './configured.ts'
export { type Consent, createConsent } from './consent.ts'
export {
  createStartupWarnings,
  type DisclosureSink,
  type DisclosureSubject,
  type DisclosureTexts,
  disclosureText,
  type StartupWarnings,
} from './disclosure.ts'
export {
  ConsentChangedError,
  ConsentConflictError,
  ConsentDecisionError,
  ConsentLockedError,
  ConsentSourceError,
} from './errors.ts'
export type { SeenVerdict } from './expected.ts'
export { createGivenConsent, type GivenConsentOptions, type GiveVerdict } from './given-consent.ts'
export type { ConsentOptions } from './options.ts'
export type { ConsentPolicy } from './policy.ts'
export { SOURCES, type Source } from './sources.ts'
export type { HistoryLocation, StoredChoice } from './stored-choice.ts'
export type {
  ConsentInputs,
  ConsentSource,
  ConsentState,
  DisabledBy,
  Opinion,
  OverrulingSource,
  StoredOpinion,
  Verdict,
} from './types.ts'
export { variablesIn } from './variables.ts'
export { decideConsent, holdsWithoutState } from './verdict.ts'
export { DISABLING_WORDS, ENABLING_WORDS, optsOut, printable, readDecision } from './words.ts'
