/**
 * Whether a CI system, a test runner or an AI agent runs the process. Loaded only where the product wants to know: it
 * brings in a package.
 */
import { detectAgent, detectProvider, isCI, isTest } from 'std-env'

/** What it is, for a message; `undefined` where nothing tells of one: that is no proof that there is none. */
export function detectAutomation(): string | undefined {
  const { name } = detectAgent()
  if (name) return `the agent ${name}`
  if (isCI) return `CI ${detectProvider().name}`.trim()
  return isTest ? 'a test' : undefined
}
