import type { DiskTrouble, LayerOptions } from '../file-layer.ts'
import type { Step } from '../tally.ts'
import type { ClockTrouble } from './clock.ts'
import type { NameTrouble } from './names.ts'

/** What a host is started with. */
export interface HostOptions extends LayerOptions {
  readonly endpoint: string
  /** The state directory. */
  readonly state: string
  /** The file that says what must never happen: rejections that nobody handles, exceptions that nobody catches. */
  readonly troubles: string
  /** The file for what the library logs. Default: nowhere. */
  readonly log?: string
  readonly clock?: ClockTrouble
  readonly names?: NameTrouble
  /** How many worker threads live in its place. */
  readonly threads?: number
  /** Whether the yes is the product's default only, and a choice can be made. Default: a variable says yes. */
  readonly chooses?: boolean
  /** Whether nobody has named a place for the state, and the user has no home directory. */
  readonly homeless?: boolean
  readonly schedule?: { readonly initialDelay?: '0s'; readonly interval?: '1m' }
}

/** What a host is told to do. */
export type Order =
  | { readonly do: 'count'; readonly step: Step }
  | { readonly do: 'report' }
  /** The answer is the state that holds then, or the code of the error. */
  | { readonly do: 'choose'; readonly decision: 'enabled' | 'disabled' }
  | { readonly do: 'start' }
  | { readonly do: 'shutdown' }
  | { readonly do: 'setDisk'; readonly trouble?: DiskTrouble }
  | { readonly do: 'setClock'; readonly offset: number }
  | { readonly do: 'calls' }
  /** It has nothing more to do: the process must end by itself. */
  | { readonly do: 'leave' }
  | { readonly do: 'exit' }
  | { readonly do: 'throw' }

/** What became of the order of this number; 0 is the start. */
export interface Outcome {
  readonly id: number
  readonly value: unknown
}
