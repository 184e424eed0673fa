/**
 * A host that does everything with its telemetry, for a Node.js that knows no TypeScript: node everything.mjs LIBRARY. Prints what
 * became of it, and what was logged.
 */
const { createUsageTelemetry, defineCatalog, explainConsent } = await import(process.argv[2])
const lines = []
const log = (level) => (line) => lines.push(`${level}: ${line}`)
const why = 'Shows whether it is used.'
const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  levels: ['basic', 'full'],
  facts: {
    'acme.runs': { kind: 'count', unit: '{run}', since: 1, level: 'basic', why },
    'acme.mode': {
      ...{ kind: 'attribute', type: 'string', pattern: '[a-z]+', level: 'full', since: 1, why },
      example: 'abc',
    },
  },
})
const options = {
  product: { name: 'acme-db', version: '1.0.0', title: 'Acme DB' },
  catalog,
  endpoint: 'http://127.0.0.1:9',
  consent: { default: 'enabled' },
  environment: {},
  logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
}
const usage = createUsageTelemetry(options)
usage.counter('acme.runs').bind({}).add(1)
usage.set('acme.mode', 'abc')
usage.getMeter('acme').createCounter('acme.runs').add(1)
const { state, locked, because } = await usage.start()
await usage.start()
const { outcome } = await usage.report()
for (const step of ['preview', 'status', 'shutdown']) await usage[step]()
const explained = (await explainConsent(options)).because
console.log(JSON.stringify({ state, locked, because, explained, outcome, lines }))
