import { createRequire } from 'node:module'
import type { Environment } from '../../../platform/index.ts'
import { collectorConfigFile } from '../../package/index.ts'
import { type Collector, hasProcessor } from './collector.ts'

/** What makes a gateway say where a report comes from. */
export interface OriginOverlay {
  /** What is merged over gateway.yaml, before the overlays of the products: origin.yaml, or nothing. */
  readonly configs: readonly string[]
  /** The environment, with a country database where one was found. */
  readonly environment: Environment
  /** In one line what it says of the origin of a report, or why nothing. */
  readonly summary: string
}

const COUNTRY_DATABASE = 'USAGE_GATEWAY_COUNTRY_DATABASE'
const NPM_DATABASE = '@ip-location-db/geo-whois-asn-country-mmdb'

/**
 * Looks whether a Collector can tell countries: with our distribution origin.yaml is used, a stock Collector lacks the
 * component. The country database: the variable `USAGE_GATEWAY_COUNTRY_DATABASE`, or the npm package
 * `@ip-location-db/geo-whois-asn-country-mmdb` where it is installed.
 */
export async function originOverlay(collector: Collector, environment: Environment): Promise<OriginOverlay> {
  // The image is the stock one.
  if (collector.how === 'docker' || !(await hasProcessor(collector, 'origin', environment))) {
    return {
      configs: [],
      environment,
      summary:
        'no country, region or network: a stock Collector has no `origin` (build collector-config/manifest.yaml, set OTELCOL to it)',
    }
  }
  const configs = [collectorConfigFile('origin.yaml')]
  const database = environment[COUNTRY_DATABASE] || npmDatabase()
  if (database === undefined) {
    return {
      configs,
      environment,
      summary: `no country: set ${COUNTRY_DATABASE} to a file in MaxMind's format, or install ${NPM_DATABASE}`,
    }
  }
  return {
    configs,
    environment: { ...environment, [COUNTRY_DATABASE]: database },
    summary: `country, by ${database}`,
  }
}

function npmDatabase(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`${NPM_DATABASE}/geo-whois-asn-country.mmdb`)
  } catch {
    return undefined
  }
}
