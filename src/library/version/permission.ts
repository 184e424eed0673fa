import { ownOf } from '../../platform/index.ts'
import type { ConsentSource, Verdict } from '../consent/index.ts'
import type { VersionStatus } from './types.ts'

/** Answer to the question if the feed may be read now. */
export interface Permission extends Pick<VersionStatus, 'checks' | 'because'> {
  /** `true` if a person has said no: then everything that is stored of the version checks is deleted. */
  readonly isOptOut: boolean
}

export interface PermissionOptions {
  readonly mode: VersionStatus['mode']
  /** Returns the variable that stops the version checks, with its value; `undefined` if it is not set. */
  readonly optedOutBy: () => string | undefined
  /** Returns whether a report may be sent under a verdict. */
  readonly maySend: (verdict: Verdict) => boolean
  /** Returns whether the delay is over in which nobody has decided. */
  readonly hasWaited: () => boolean
}

/** Sources whose no stops independent version checks as well. Any other no is one to usage reports alone. */
const STOPPING: ReadonlySet<ConsentSource> = new Set<ConsentSource>([
  'do-not-track',
  'executable-name',
  'automation',
  'debug-variable',
])

/** Sources of a no by which nobody has opted out: it holds for this run only. */
const IN_PASSING: ReadonlySet<ConsentSource> = new Set<ConsentSource>(['automation', 'debug-variable'])

/** Decides whether the feed may be read under a verdict. */
export function permissionOf(
  verdict: Verdict,
  { mode, optedOutBy, maySend, hasWaited }: PermissionOptions,
): Permission {
  if (mode === 'never')
    return { checks: 'off', because: 'the product makes no version checks', isOptOut: false }
  const variable = optedOutBy()
  if (variable !== undefined) return { checks: 'off', because: variable, isOptOut: true }
  // The verdict of a host's own function has no opinions.
  const { opinions = [], disabledBy } = ownOf<Partial<Verdict>>(verdict)
  if (mode === 'with-telemetry') {
    if (verdict.state === 'disabled')
      return { checks: 'off', because: verdict.because, isOptOut: disabledBy === 'person' }
    return maySend(verdict)
      ? { checks: 'on', because: 'usage reports may be sent', isOptOut: false }
      : WAITING
  }
  const no = opinions.find(({ source, state }) => state === 'disabled' && STOPPING.has(source))
  if (no)
    return {
      checks: 'off',
      because: no.value === undefined ? no.name : `${no.name}=${no.value}`,
      isOptOut: !IN_PASSING.has(no.source),
    }
  return isDecided(verdict) || hasWaited()
    ? { checks: 'on', because: 'nobody has stopped the version checks', isOptOut: false }
    : WAITING
}

/** Returns whether a person has decided about the telemetry, and so has seen the notice. A product's own no is not such a decision. */
export const isDecided = (verdict: Verdict): boolean =>
  verdict.state === 'enabled' || ownOf<Partial<Verdict>>(verdict).disabledBy === 'person'

const WAITING: Permission = {
  checks: 'waiting',
  because: 'the delay in which nothing is requested is not over',
  isOptOut: false,
}
