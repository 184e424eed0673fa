import { describeFacts, shown } from '../operations/index.ts'
import type { Answer, Context } from './context.ts'
import { columns, timeText } from './terminal.ts'

/** `facts`: everything that the product may report, with its reason, and what happens to it now. */
export async function facts({ usage, terminal }: Context): Promise<Answer> {
  const described = await describeFacts(usage)
  const heads = columns(
    terminal,
    described.map(({ name, kind, type, unit, level, state }) => [
      shown(name),
      type ?? `${kind}, ${shown(unit)}`,
      level,
      STATES[state],
    ]),
  )
  return {
    json: { facts: described },
    lines: described.flatMap(({ why, owner, expires, since, review }, index) => [
      ...(heads[index] ?? []).map(terminal.bold),
      ...terminal.wrap(why, '    '),
      ...terminal
        .wrap(
          [
            `Since version ${since} of the catalog`,
            ...(owner === undefined ? [] : [`owner ${owner}`]),
            ...(expires === undefined ? [] : [`until ${expires}`]),
            ...(review === undefined ? [] : [review]),
          ].join('; '),
          '    ',
        )
        .map(terminal.dim),
    ]),
  }
}

const STATES = {
  reported: 'reported',
  newer: 'waits for acceptance',
  aboveLevel: 'above the level',
  excluded: 'withheld',
  expired: 'expired',
} as const

/** `history`: who has decided what about consent, and when. */
export async function history({ usage, terminal }: Context): Promise<Answer> {
  const choices = (await usage.consent.history()).map(({ facts: _, ...choice }) => choice)
  const rows = choices.map(({ at, state, level, by, productVersion, seed }) => [
    timeText(at),
    level === undefined ? state : `${state}, ${shown(level)}`,
    seed ? 'the product, at its first start' : shown(by),
    shown(productVersion),
  ])
  return {
    json: { choices },
    lines: rows.length === 0 ? ['Nobody has decided yet.'] : columns(terminal, rows).flat(),
  }
}
