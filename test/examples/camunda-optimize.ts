import { catalog } from '../../examples/camunda-optimize/catalog.ts'
import { takeReport } from '../../examples/camunda-optimize/mapping.ts'
import { product } from '../../examples/camunda-optimize/product.ts'
import { defineSeedSystem, namesIn, type Report } from './seed-system.ts'

const RAW =
  'customer = Umbrella Ltd.;type = UNIFIED;expiryDate = 2029-09-01;\noptimize = true;camundaBPM = true;cawemo = false'

/** All but two, whose names are longer than a word may be. */
const NAMED_COMMANDS = namesIn('camunda-commands.json').filter((name) => name.length <= 64)

/** What Optimize reports, and in `internals` also what the engine reports to the same place. */
const original = {
  installation: '8343cc7a-8ad1-42d4-97d2-43452c0bdfa3',
  product: {
    name: 'Camunda Optimize',
    version: '3.13.0',
    edition: 'enterprise' as 'community' | 'enterprise',
    internals: {
      database: { vendor: 'elasticsearch' as 'elasticsearch' | 'postgresql', version: '7.17.4' },
      'engine-installation-ids': [
        '2f4a5b6c-6c07-4d0b-8c1e-c1a1d1f07d8e',
        'c1a1d1f0-6c07-4d0b-8c1e-2f4a5b6c7d8e',
      ],
      'license-key': {
        customer: 'Umbrella Ltd.',
        type: 'UNIFIED',
        'valid-until': '2029-09-01',
        unlimited: false,
        features: { optimize: true, camundaBPM: true, cawemo: false } as Record<string, boolean>,
        raw: RAW.repeat(8),
      },
      'application-server': { vendor: 'Apache Tomcat', version: 'Apache Tomcat/10.1.15' },
      jdk: { version: '17.0.9', vendor: 'Eclipse Adoptium' },
      'camunda-integration': [
        ...['camunda-bpm-run', 'camunda-ejb-service', 'jboss-subsystem', 'spring-boot-starter'],
        'wildfly-subsystem',
      ],
      webapps: ['admin', 'cockpit', 'tasklist', 'welcome'],
      commands: Object.fromEntries(NAMED_COMMANDS.map((command, index) => [command, { count: index + 1 }])),
      metrics: {
        'process-instances': { count: 936 },
        'decision-instances': { count: 0 },
        'executed-decision-elements': { count: 732 },
        'flow-node-instances': { count: 6_125 },
        'root-process-instance-start': { count: 936 },
        'executed-decision-instances': { count: 0 },
        'activity-instance-start': { count: 6_125 },
      } as Record<string, { count: number }>,
      'telemetry-enabled': true,
      'data-collection-start-date': '2026-01-05T10:20:30.000Z',
    },
  },
}

const INTEGRATIONS = original.product.internals['camunda-integration']
const WEBAPPS = original.product.internals.webapps
const snake = (name: string) => name.replaceAll('-', '_').replace('BPM', '_bpm')
const internals = 'product/internals'

export const camundaOptimize = defineSeedSystem({
  name: 'camunda-optimize',
  product,
  catalog,
  original,
  frameOf: ({ installation, product }) => ({ id: installation, version: product?.version }),
  since: Date.parse(original.product.internals['data-collection-start-date']),
  host: takeReport,
  refused: Object.fromEntries(
    ['root-process-instance-start', 'executed-decision-instances', 'activity-instance-start'].map(
      (metric) => [
        `${internals}/metrics/${metric}/count`,
        'is the old name of a metric that is reported under its new name',
      ],
    ),
  ),
  pages: [
    {
      name: "Optimize's page about telemetry (3.2 to 3.13)",
      document: {
        installation: '7b86edba-fcb7-11ea-adc1-0242ac120002',
        product: {
          name: 'Camunda Optimize',
          version: '3.2.0',
          edition: 'enterprise',
          internals: {
            database: { vendor: 'elasticsearch', version: '7.0.0' },
            'license-key': {
              customer: 'a customer name',
              type: 'UNIFIED',
              'valid-until': '2025-01-01',
              unlimited: 'false',
              features: { camundaBPM: 'false', optimize: 'true', cawemo: 'false' },
              raw: 'customer = a customer name; expiryDate = 2025-01-01; optimize: true;',
            },
            'engine-installation-ids': [
              '8343cc7a-8ad1-42d4-97d2-43452c0bdfa3',
              '22607b92-fcb8-11ea-adc1-0242ac120002',
            ],
          },
        },
      },
      // It has version 1. The report has a random one of its own.
      refused: { installation: 'is not a random UUID: others say when and on which machine they were made' },
    },
  ],
  places: {
    installation: 'service.instance.id',
    'product/name': {
      kept: (name: string) => name.toLowerCase().replace(' ', '-'),
      is: (report) => report['service.name'],
    },
    'product/version': 'service.version',
    'product/edition': 'camunda.edition',
    [`${internals}/database/vendor`]: 'db.system.name',
    [`${internals}/database/version`]: 'camunda.db.version',
    [`${internals}/engine-installation-ids`]: {
      kept: (ids: string[]) => ids.toSorted(),
      is: (report) => report['camunda.engine_installation_ids'],
    },
    [`${internals}/license-key/customer`]: 'camunda.license.customer',
    [`${internals}/license-key/type`]: 'camunda.license.type',
    [`${internals}/license-key/valid-until`]: 'camunda.license.valid_until',
    [`${internals}/license-key/unlimited`]: 'camunda.license.unlimited',
    [`${internals}/license-key/raw`]: 'camunda.license.raw',
    [`${internals}/application-server/vendor`]: 'camunda.application_server.vendor',
    [`${internals}/application-server/version`]: 'camunda.application_server.version',
    [`${internals}/jdk/vendor`]: 'camunda.jdk.vendor',
    [`${internals}/jdk/version`]: 'process.runtime.version',
    [`${internals}/camunda-integration`]: namesOf('integration', INTEGRATIONS),
    [`${internals}/webapps`]: namesOf('webapp', WEBAPPS),
    [`${internals}/telemetry-enabled`]: (report) => report['usage.consent.state'] === 'enabled',
    [`${internals}/data-collection-start-date`]: 'camunda.commands@start',
  },
  maps: {
    [`${internals}/license-key/features/*`]: (name) => `camunda.license.features.${snake(name)}`,
    [`${internals}/commands/*/count`]: (command) => `camunda.commands{command=${command}}`,
    [`${internals}/metrics/*/count`]: (metric) => `camunda.metrics{metric=${metric}}`,
  },
  unset: {
    ...Object.fromEntries(
      [
        'db.system.name',
        ...['customer', 'raw', 'type', 'unlimited', 'valid_until'].map((name) => `camunda.license.${name}`),
      ].map((name) => [name, 'Unknown']),
    ),
    'camunda.db.version': 'Unknown',
    'camunda.metrics{metric=process-instances}': 0,
    'camunda.metrics{metric=decision-instances}': 0,
    'camunda.metrics{metric=executed-decision-elements}': 0,
    'camunda.metrics{metric=flow-node-instances}': 0,
  },
})

/** A set of names that became one yes or no for each. */
function namesOf(group: string, names: readonly string[]) {
  return (report: Report) => names.filter((name) => report[`camunda.${group}.${snake(name)}`])
}
