/** Surroundings of every part of the page. */
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Format } from '../format.ts'
import type { Messages } from '../messages/messages.ts'
import type { Known, Model } from '../model.ts'

export interface Surroundings {
  readonly model: Model
  readonly known: Known
  readonly messages: Messages
  readonly format: Format
  /** Carries out what a person asks for: says what came of it, and what went wrong, and reads everything again. */
  act(action: () => Promise<string | undefined>): Promise<boolean>
}

export const Surroundings = createContext<Surroundings | undefined>(undefined)

export function useSurroundings(): Surroundings {
  const found = useContext(Surroundings)
  if (!found) throw new Error('A part of the page stands outside of it.')
  return found
}
