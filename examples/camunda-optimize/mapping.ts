import { ofEveryReport, type Recorder, type Refused, refused, type Target, takeDocument } from '../mapping.ts'
import { catalog } from './catalog.ts'

/** Names that metrics had before 7.17: the engine sends them beside the new ones. */
const LEGACY_METRICS = [
  'root-process-instance-start',
  'executed-decision-instances',
  'activity-instance-start',
]

/** OpenTelemetry's names of databases, where they differ. */
const DATABASES: Readonly<Record<string, string>> = {
  oracle: 'oracle.db',
  h2: 'h2database',
  'microsoft sql server': 'microsoft.sql_server',
  db2: 'ibm.db2',
}

/** A UUID of version 4. */
const RANDOM = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i

/** Takes a list of names. Each name has a fact, which is set to `true`. */
const names =
  (group: string): Target =>
  (list) => {
    if (!Array.isArray(list)) return refused('is not a list')
    const facts = list.map((name) => `camunda.${group}.${String(name).replaceAll('-', '_')}`)
    const other = facts.findIndex((fact) => !(fact in catalog.facts))
    return other < 0
      ? facts.map((fact) => [fact, true] as const)
      : refused(`has the item ${other}, for which there is no fact`)
  }

/** Takes the report of Camunda Optimize, or of the engine (Camunda 7). Returns the fields that were refused. */
export function takeReport(usage: Recorder, report: object): Refused[] {
  const of = (name: string) => `product/internals/${name}`
  return takeDocument(usage, catalog, withFeatures(report), {
    installation: (id) =>
      RANDOM.test(String(id))
        ? []
        : refused('is not a random UUID: others say when and on which machine they were made'),
    'product/name': ofEveryReport,
    'product/version': ofEveryReport,
    'product/edition': 'camunda.edition',
    [of('database/vendor')]: (vendor) => {
      const name = vendor === 'Unknown' ? vendor : String(vendor).toLowerCase()
      return [['db.system.name', DATABASES[name] ?? name]]
    },
    [of('database/version')]: 'camunda.db.version',
    [of('engine-installation-ids')]: 'camunda.engine_installation_ids',
    [of('license-key/customer')]: 'camunda.license.customer',
    [of('license-key/type')]: 'camunda.license.type',
    [of('license-key/valid-until')]: 'camunda.license.valid_until',
    [of('license-key/unlimited')]: 'camunda.license.unlimited',
    [of('license-key/features/*')]: (isCovered, name) => {
      const fact = `camunda.license.features.${name.replace('BPM', '_bpm')}`
      return fact in catalog.facts ? [[fact, isCovered]] : refused('is not a product that the catalog lists')
    },
    [of('license-key/raw')]: (raw) => [['camunda.license.raw', withoutSignature(raw)]],
    [of('application-server/vendor')]: 'camunda.application_server.vendor',
    [of('application-server/version')]: 'camunda.application_server.version',
    [of('jdk/vendor')]: 'camunda.jdk.vendor',
    [of('jdk/version')]: 'process.runtime.version',
    [of('camunda-integration')]: names('integration'),
    [of('webapps')]: names('webapp'),
    [of('commands/*/count')]: (count, command) => [['camunda.commands', count, { command }]],
    [of('metrics/*/count')]: (count, metric) =>
      LEGACY_METRICS.includes(metric)
        ? refused('is the old name of a metric that is reported under its new name')
        : [['camunda.metrics', count, { metric }]],
    [of('telemetry-enabled')]: ofEveryReport,
    [of('data-collection-start-date')]: ofEveryReport,
  })
}

/** Returns the report with a value for each feature of its licence: one that names no features covers Optimize only. */
function withFeatures(report: object): object {
  const { product } = report as { product?: { internals?: { 'license-key'?: { features?: object } } } }
  const license = product?.internals?.['license-key']
  if (license === undefined) return report
  const features = { optimize: true, camundaBPM: false, cawemo: false, ...license.features }
  const internals = { ...product?.internals, 'license-key': { ...license, features } }
  return { ...report, product: { ...product, internals } }
}

/**
 * Returns the text of a licence without its signature, as the page promises: with it, the text could be used as a licence. The
 * signature is the base64 before the first `;`. Lines of dashes may stand before and after the whole.
 */
export function withoutSignature(raw: unknown): unknown {
  if (typeof raw !== 'string') return raw
  const lines = raw.split('\n').filter((line) => !/^-{3}.*-{3}\s*$/.test(line))
  return lines
    .join('\n')
    .replace(/^[0-9A-Za-z+/\s]{40,}={0,2}\s*(?:;|$)/, '')
    .trim()
}
