import { type Catalog, type Fact, rankOf } from '../../catalog/index.ts'
import type { ProductReceiver } from '../../library/telemetry/index.ts'
import { type Block, code, heading, list, listed, paragraph, type Text, text } from './blocks.ts'
import { catalogChanges } from './catalog-changes.ts'
import { reportTable } from './example-table.ts'
import { exactRule, factInWords } from './fact-words.ts'
import { addedByReceiver } from './origin.ts'
import { type PublishedProduct, retentionOf } from './published-product.ts'
import { defaultInWords, delaysInWords, everyInWords, timesInWords } from './rhythm-words.ts'
import { switches, versionChecks } from './switches.ts'

/**
 * Returns the product's page about its usage telemetry: what is reported, why, when and to whom, how to see it, to stop it and to have it
 * erased, and a complete report. It is derived from the description and the catalog, so that it agrees with the code.
 *
 * @param exampleReport complete report as JSON, made by the real pipeline from the examples of the facts.
 */
export function usagePage(product: PublishedProduct, exampleReport: string): readonly Block[] {
  const { title, catalog, receiver, homepage } = product
  return [
    heading(1, pageTitle(product)),
    paragraph(
      text`${title} sends a report of its usage to ${receiver.operator}, ${everyInWords(product)}. This page says what is in it, how to see it and how to stop it. It is generated from the description that ${title} ${product.version} itself reads${homepage === undefined ? '' : text`, and is published at ${{ link: homepage }}`}.`,
    ),
    heading(2, 'At a glance'),
    atAGlance(product),
    heading(2, 'What is never collected'),
    list(product.neverCollected.map((one) => [one])),
    paragraph(
      text`${title} can report nothing but the facts on this page${exceptionOf(catalog)}: the library drops every value that is not declared here, and the receiver does the same, from the same list. The receiver forgets the network address of a report before anything is stored.`,
    ),
    heading(2, 'Switch it on or off'),
    ...switches(product),
    ...versionChecks(product),
    heading(2, 'See it for yourself'),
    ...seeing(product),
    heading(2, 'Who receives it'),
    ...receiving(product),
    heading(2, 'Have it erased'),
    ...erasing(product),
    heading(2, 'What is reported'),
    ...facts(product),
    heading(2, 'An example of a report'),
    reportTable(exampleReport),
    {
      kind: 'folded',
      summary: 'The same report as it is sent',
      blocks: [{ kind: 'verbatim', language: 'json', text: exampleReport }],
    },
    heading(2, 'Changes'),
    ...catalogChanges(catalog),
  ]
}

export const pageTitle = ({ title }: Pick<PublishedProduct, 'title'>): string => `What ${title} reports`

function atAGlance(product: PublishedProduct): Block {
  const { receiver, endpoint, catalog } = product
  const rows: Array<[string, Text]> = [
    ['By default', [defaultInWords(product)]],
    ['First report', [delaysInWords(product)]],
    ['Then', [timesInWords(product)]],
    ['Sent to', [code(endpoint)]],
    ['Run by', [receiver.operator]],
    ['Seen by', [receiver.seenBy]],
    ['Kept', [keptInWords(receiver, catalog)]],
    ['To stop it', [switchOff(product)]],
  ]
  return {
    kind: 'table',
    caption: 'The usage telemetry in short',
    head: ['question', 'answer'],
    rows: rows.map(([name, value]) => [[name], value]),
  }
}

const switchOff = ({ environmentPrefix, disclosure }: PublishedProduct) =>
  code(disclosure?.optOut ?? `${environmentPrefix}_TELEMETRY_OPTOUT=1`)

function keptInWords({ retention }: ProductReceiver, { levels }: Catalog): string {
  if (typeof retention === 'string') return retention
  return levels.map((level) => `${level}: ${retention[level]}`).join(', ')
}

function seeing(product: PublishedProduct): Block[] {
  const { name, environmentPrefix: prefix, state, consent } = product
  const directory =
    state === undefined
      ? text`the user's directory for state: ${code(`~/.local/state/${name}/usage`)} on Linux (or below ${code('XDG_STATE_HOME')}), ${code(`~/Library/Application Support/${name}/usage`)} on macOS, ${code(`%LOCALAPPDATA%\\${name}\\usage`)} on Windows`
      : [code(state)]
  return [
    paragraph([
      consent?.whileDisabled === 'nothing'
        ? 'A local log contains the exact bytes of every report that is sent. While the telemetry is off, nothing is collected.'
        : 'A local log contains the exact bytes of every report, whether it is sent or not: while the telemetry is off, the log shows what would have been sent.',
    ]),
    paragraph(text`The log is the file ${code('ledger.jsonl')} in ${directory}.`),
    paragraph(
      text`${code(`${prefix}_TELEMETRY_DIR`)} names another directory. ${code('tail -n 1 ledger.jsonl')} shows the last report.`,
    ),
    paragraph(
      text`To see the next report, start the product with ${code(`${prefix}_TELEMETRY_DEBUG=1`)}: it prints its reports to standard error, and sends none.`,
    ),
  ]
}

function receiving({ endpoint, receiver, catalog, environmentPrefix }: PublishedProduct): Block[] {
  return [
    paragraph(
      text`Reports go to ${code(endpoint)}, which is run by ${receiver.operator}. They are seen by ${receiver.seenBy}. They are kept for this time: ${keptInWords(receiver, catalog)}.`,
    ),
    paragraph(addedByReceiver(receiver.origin)),
    paragraph(
      text`${code(`${environmentPrefix}_TELEMETRY_ENDPOINT`)} sends the reports to your own receiver instead. ${code(`${environmentPrefix}_TELEMETRY_HEADERS`)} sets headers for that one, such as ${code('authorization=Bearer%20…')}; nobody else gets them, and they are never shown.`,
    ),
  ]
}

function erasing({ identity, consent, receiver }: PublishedProduct): Block[] {
  const ids: Readonly<Record<string, string>> = {
    stable:
      'Each report contains a random id of the installation. With it, the receiver can see that two reports come from the same installation.',
    rotating:
      'Each report contains a random id of the installation. It is replaced after some time; reports with different ids cannot be joined.',
    none: 'No report contains an id of the installation, only the range of its age. Nobody can find out which reports are yours.',
  }
  const mode = identity?.mode ?? 'stable'
  return [
    paragraph(
      mode === 'none'
        ? [ids[mode] as string]
        : text`${ids[mode] as string} The log shows the id as ${code('service.instance.id')}.`,
    ),
    paragraph([receiver.erasure]),
    ...(mode === 'none' || consent?.keepInstallation
      ? []
      : [
          paragraph([
            'An opt-out deletes the id and all reports that wait to be sent, on this machine. The receiver deletes the reports that it has when their time is over, or when somebody asks for it.',
          ]),
        ]),
  ]
}

function facts({ catalog, receiver, identity }: PublishedProduct): Block[] {
  const isKnown = identity?.mode !== 'none'
  const { levels } = catalog
  const all = Object.entries(catalog.facts).sort(([a], [b]) => (a < b ? -1 : 1))
  const exact = all.flatMap(([name, fact]): Text[] => {
    const rule = exactRule(fact)
    return rule.length === 0 ? [] : [text`${code(name)}: ${rule}`]
  })
  const folded: Block = { kind: 'folded', summary: 'Exact forms and full lists', blocks: [list(exact)] }
  return [
    paragraph(text`This is version ${String(catalog.version)} of the catalog${contributionsOf(catalog)}.`),
    ...(levels.length > 1 ? [levelsTable(catalog, all, receiver)] : []),
    {
      kind: 'table',
      caption: 'The facts of a report',
      head: ['name', 'what', 'why', ...(levels.length > 1 ? levels : []), 'since', 'example'],
      rows: all.map(([name, fact]) => [
        [code(name)],
        factInWords(fact),
        [fact.why],
        ...(levels.length > 1 ? levels.map((level) => [isIn(catalog, fact, level) ? 'yes' : 'no']) : []),
        [String(fact.since)],
        exampleOf(fact),
      ]),
    },
    ...(exact.length > 0 ? [folded] : []),
    paragraph([
      `Every report also says: the product and its version, ${isKnown ? 'a random id' : 'the range of the age'} of the installation, an id of the report, the versions of the library and of this catalog, the state and level of consent, how many facts it holds, how many were withheld, and how many values were refused, by reason.`,
    ]),
  ]
}

function levelsTable(catalog: Catalog, all: ReadonlyArray<[string, Fact]>, receiver: ProductReceiver): Block {
  return {
    kind: 'table',
    caption: 'The levels of consent, least first',
    head: ['level', 'facts', 'kept'],
    rows: [
      [[code('off')], ['none'], ['nothing is sent']],
      ...catalog.levels.map((level): Text[] => {
        const count = all.filter(([, fact]) => isIn(catalog, fact, level)).length
        return [
          [code(level)],
          [count === all.length ? `all ${count}` : `${count} of ${all.length}`],
          [retentionOf(receiver, level)],
        ]
      }),
    ],
  }
}

const isIn = (catalog: Catalog, fact: Fact, level: string): boolean =>
  rankOf(catalog, fact) <= catalog.levels.indexOf(level)

const exampleOf = ({ example }: Fact): Text =>
  example === undefined ? [] : [code(typeof example === 'object' ? JSON.stringify(example) : String(example))]

/** Lists the contributions with their versions: `since` of their facts refers to these. */
const contributionsOf = ({ contributions = {} }: Catalog): Text =>
  Object.entries(contributions).flatMap(
    ([prefix, version]) => text`, ${code(`${prefix}.*`)} version ${String(version)}`,
  )

/** Names the metadata facts: their values are the only ones that an operator writes. */
function exceptionOf({ facts }: Catalog): Text {
  const names = Object.entries(facts).flatMap(([name, fact]) =>
    fact.kind === 'attribute' && fact.type === 'metadata' ? [[code(name)]] : [],
  )
  return names.length === 0
    ? []
    : text`, and of what people type only what the operator sets as ${listed(names, 'or')}`
}
