import { createRequire } from 'node:module'
import type { Environment } from '../../../platform/index.ts'
import { collectorConfigFile } from '../../package/index.ts'
import { type Collector, hasProcessor } from './collector.ts'

/** Configuration with which a gateway adds the origin of a report. */
export interface OriginOverlay {
  /** Files that are merged over gateway.yaml before the overlays of the products: origin.yaml, or none. */
  readonly configs: readonly string[]
  /** Environment, with a country database if one was found. */
  readonly environment: Environment
  /** Line that says what is added, or why nothing is. */
  readonly summary: string
}

const COUNTRY_DATABASE = 'USAGE_GATEWAY_COUNTRY_DATABASE'
const NPM_DATABASE = '@ip-location-db/geo-whois-asn-country-mmdb'

/**
 * Returns origin.yaml for a Collector of our distribution, and nothing for a stock Collector, which lacks the component. The country
 * database is the file that `USAGE_GATEWAY_COUNTRY_DATABASE` names, or the npm package `@ip-location-db/geo-whois-asn-country-mmdb` if it
 * is installed.
 */
export async function originOverlay(collector: Collector, environment: Environment): Promise<OriginOverlay> {
  // The image is that of the stock Collector.
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
