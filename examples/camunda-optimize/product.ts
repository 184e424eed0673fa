import { defineProduct } from 'otel-usage'
import { catalog } from './catalog.ts'

/** Read by the product and by the commands. Retention, readers and erasure are made up: the original's page says nothing about them. */
export const product = defineProduct({
  name: 'camunda-optimize',
  version: '3.13.0',
  title: 'Camunda Optimize',
  homepage: 'https://docs.camunda.org/optimize/latest/technical-guide/setup/telemetry/',
  catalog,
  endpoint: 'https://api.telemetry.camunda.cloud',
  consent: { default: 'disabled' },
  schedule: { initialDelay: '0s' },
  neverCollected: [
    'Process definitions, process instances and their variables',
    'Names and addresses of users',
    'The content of reports and dashboards',
  ],
  receiver: {
    operator: 'Camunda',
    seenBy: 'the people who develop Camunda',
    retention: '400 days',
    erasure: 'Write to Camunda, with the id of the installation.',
  },
})
