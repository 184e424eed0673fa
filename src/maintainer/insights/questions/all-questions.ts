import { totals, unused } from './counts.ts'
import { adoption, breakdown, consent, countries, cross, distribution, networks, versions } from './facts.ts'
import { active, ages, growth, retention } from './installations.ts'
import { canIDrop, effect, supported, upgrades } from './releases.ts'

/** All questions, by the name of their function, in the order of the help. */
export const QUESTIONS = {
  active,
  growth,
  versions,
  adoption,
  upgrades,
  supported,
  canIDrop,
  breakdown,
  cross,
  distribution,
  totals,
  effect,
  unused,
  retention,
  ages,
  countries,
  networks,
  consent,
} as const

/** Name of a question, as the function of that name: `canIDrop`. */
export type QuestionName = keyof typeof QUESTIONS

/** Returns the name of a question in a command: `canIDrop` is `can-i-drop`. */
export const commandName = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
