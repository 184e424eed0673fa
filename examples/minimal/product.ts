import { defineProduct } from 'otel-usage'
import { catalog } from './catalog.ts'

/** Everything that Acme Notes declares about its usage telemetry. Read by the server and by the commands. */
export const product = defineProduct({
  name: 'acme-notes',
  version: '1.4.2',
  title: 'Acme Notes',
  homepage: 'https://acme.example/telemetry',
  catalog,
  endpoint: 'https://usage.acme.example',
  consent: { default: 'undecided' },
  versionCheck: { feed: 'https://acme.example/versions.json', mode: 'independent' },
  neverCollected: ['The text of notes', 'Who reads or writes them, and from where'],
  receiver: {
    operator: 'Acme Ltd.',
    seenBy: 'the people who develop Acme Notes',
    retention: '400 days',
    origin: ['country'],
    erasure: 'Write to privacy@acme.example, with the id of the installation.',
  },
})
