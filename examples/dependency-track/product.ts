import { defineProduct } from 'otel-usage'
import { catalog } from './catalog.ts'

/** Read by the product and by the commands. Retention, readers and erasure are made up: the original's page says nothing about them. */
export const product = defineProduct({
  name: 'dependency-track',
  version: '4.13.2',
  title: 'Dependency-Track',
  homepage: 'https://docs.dependencytrack.org/getting-started/telemetry/',
  catalog,
  endpoint: 'https://metrics.dependencytrack.org',
  // The profile of SmallRye Config, which the original asks for.
  consent: { default: 'enabled', development: 'SMALLRYE_CONFIG_PROFILE' },
  schedule: { initialDelay: '1m' },
  neverCollected: [
    'Projects, components, vulnerabilities and findings, and how many there are',
    'Names, addresses and roles of users and teams',
    'Addresses and credentials of repositories, analyzers and other services',
  ],
  receiver: {
    operator: 'the Dependency-Track project',
    seenBy: 'the maintainers of Dependency-Track',
    retention: '400 days',
    erasure: 'Write to the maintainers, with the id of the installation.',
    origin: [],
  },
})
