import type { Environment } from '../../../platform/index.ts'

/**
 * Returns the environment of a Collector with our settings escaped: in the value of a variable that its configuration names, the Collector
 * reads `$$` as `$`, and expands `${…}`.
 */
export const collectorEnvironment = (environment: Environment): Environment =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      name.startsWith('USAGE_') ? value?.replaceAll('$', '$$$$') : value,
    ]),
  )
