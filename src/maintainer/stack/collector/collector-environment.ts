import type { Environment } from '../../../platform/index.ts'

/**
 * The environment of a Collector, so that it reads our settings as they are: in the value of a variable that its configuration
 * names, it takes `$$` for `$` and `${…}` for what that stands for.
 */
export const collectorEnvironment = (environment: Environment): Environment =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      name.startsWith('USAGE_') ? value?.replaceAll('$', '$$$$') : value,
    ]),
  )
