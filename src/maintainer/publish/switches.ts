import { type Duration, parseDuration } from '../../platform/index.ts'
import { type Block, code, heading, list, listed, paragraph, type Text, text } from './blocks.ts'
import type { PublishedProduct } from './published-product.ts'

/** Returns how to switch the telemetry on, off and to a level, and how to keep single facts out. */
export function switches(product: PublishedProduct): Block[] {
  const { environmentPrefix: prefix, catalog, disclosure, consent, legacyEnvironmentPrefixes = [] } = product
  const heeds = (source: string) => !(consent?.ignore as readonly string[] | undefined)?.includes(source)
  const variable = (suffix: string) => code(`${prefix}_TELEMETRY${suffix}`)
  const rows: Array<[string, Text]> = []
  const off: Text[] = []
  if (disclosure?.optOut !== undefined) off.push([code(disclosure.optOut)])
  if (heeds('opt-out-variable')) off.push([variable('_OPTOUT=1')])
  if (heeds('variable')) off.push([variable('=off')])
  if (heeds('do-not-track')) off.push(text`${code('DO_NOT_TRACK=1')}, for every product that honours it`)
  rows.push(['switch it off', listed(off, 'or')])
  if (heeds('variable')) {
    rows.push(['switch it on', [variable('=on')]])
    if (catalog.levels.length > 1) {
      const levels = catalog.levels.map((level) => [variable(`=${level}`)])
      rows.push(['choose a level', listed(levels, 'or')])
    }
  }
  if (heeds('exclude-variable')) rows.push(['keep single facts out', [variable('_EXCLUDE=name,name')]])
  rows.push(['see reports, and send none', [variable('_DEBUG=1')]])
  const notes: Text[] = [holdOf(product)]
  if (consent?.optOutOnlyBy === 'environment')
    notes.push(['An opt-out is taken from the environment only, not from a flag or the configuration.'])
  if (consent?.sticky) notes.push(['A decision of the environment is remembered after its variable is gone.'])
  if (consent?.automation === 'disabled')
    notes.push(['It is off where a CI system, a test runner or an AI agent runs the product.'])
  const development = developmentOf(product)
  if (development) notes.push(development)
  if (legacyEnvironmentPrefixes.length > 0) {
    const old = legacyEnvironmentPrefixes.map((one) => [code(`${one}_TELEMETRY`)])
    notes.push(text`Variables that begin with ${listed(old, 'or')} work as well.`)
  }
  return [
    {
      kind: 'table',
      caption: 'Switches of the usage telemetry',
      head: ['to', 'set'],
      rows: rows.map(([what, how]) => [[what], how]),
    },
    ...(notes.length === 1 ? [paragraph(notes[0] as Text)] : [list(notes)]),
  ]
}

/** Returns how the product looks for new versions, and how to stop that; nothing if it does not. */
export function versionChecks(product: PublishedProduct): Block[] {
  const { versionCheck, title, environmentPrefix: prefix, consent } = product
  if (versionCheck === undefined || versionCheck.mode === 'never') return []
  const { feed, mode = 'with-telemetry', interval = '24h', keys = [], optOutVariable } = versionCheck
  const heedsDoNotTrack = !consent?.ignore?.includes('do-not-track')
  const off: Text[] = [[code(`${optOutVariable ?? `${prefix}_VERSION_CHECK_OPTOUT`}=1`)]]
  if (heedsDoNotTrack) off.push([code('DO_NOT_TRACK=1')])
  return [
    heading(2, 'New versions and advisories'),
    paragraph(
      feed === undefined
        ? text`${title} learns of new versions from the answer to a report, which may name the newest version and the address of a file to read.`
        : text`${title} asks for the file ${code(feed)} every ${everyOf(interval)}, to warn of a version that is old, not maintained any more or vulnerable. The request is the same from every installation: it contains no id, no version and no fact. Who serves the file sees the network address that asks, and nothing else.${keys.length > 0 ? ' The file is signed.' : ''}`,
    ),
    paragraph(
      mode === 'independent'
        ? text`It does so also while no reports are sent. To stop it: ${listed(off, 'or')}.`
        : text`It does so only while reports may be sent: whoever switches reports off is not warned of a vulnerable version either. To stop it alone: ${listed(off, 'or')}.`,
    ),
    paragraph(
      text`${code(`${prefix}_VERSION_CHECK_FEED`)} names another address or a file, such as ${code('file:///srv/versions.json')} on a closed network.`,
    ),
  ]
}

/** Returns an interval in words: `day`, `12 hours`. */
function everyOf(interval: Duration): string {
  const hours = Math.round((parseDuration(interval) ?? 0) / 3_600_000)
  if (hours === 24) return 'day'
  return hours % 24 === 0 ? `${hours / 24} days` : hours === 1 ? 'hour' : `${hours} hours`
}

const OVERRULING: Readonly<Record<string, string>> = {
  flag: 'the command-line flag',
  'locked-configuration': 'the configuration, where it is locked',
}

function holdOf({ consent, environmentPrefix }: PublishedProduct): Text {
  const overruling = consent?.overruleStoredNo ?? []
  if (overruling.length === 0) return ['A no, whoever says it, always holds.']
  const sources = overruling.map(
    (one): Text =>
      one === 'variable'
        ? text`the variable ${code(`${environmentPrefix}_TELEMETRY`)}`
        : [OVERRULING[one] ?? one],
  )
  return text`A no holds, whoever says it, except that a yes of ${listed(sources, 'or')} overrules one that was chosen in the product before.`
}

/** Returns how the product recognizes a development run; `undefined` if it does not. */
function developmentOf({ consent }: PublishedProduct): Text | undefined {
  const { development } = { ...consent }
  if (development === undefined || development === false) return undefined
  if (typeof development !== 'string') return ['It is off in a development run.']
  const words = ['development', 'dev', 'local'].map((word): Text => [code(word)])
  return text`It is off in a development run, where ${code(development)} says ${listed(words, 'or')}.`
}
