import type { DropReason } from '../../catalog/index.ts'
import type { DroppedValues } from '../facts/index.ts'

/** Says to the developer of the host which values are dropped, and why. */
export const mistakeText = ({ name, reason }: Omit<DroppedValues, 'count'>): string =>
  `Usage telemetry drops values of '${name.replaceAll(/\p{C}/gu, '\u{fffd}')}': ${CAUSES[reason]}. status().dropped counts them; this is said once.`

const CAUSES: Readonly<Record<DropReason, string>> = {
  undeclared: 'the catalog does not declare this name',
  wrong_instrument: 'the catalog declares a fact of another kind',
  invalid_value: 'the fact does not take such a value',
  invalid_attribute: 'the fact does not declare such a dimension or such a value of one',
  too_many_sources:
    'a counter observes 1,000 sources and combinations of dimensions at most, and a process 5,000',
  failed: 'the function that gives the value has thrown',
  timeout: 'the function that gives the value took too long',
}
