/**
 * The environment of a host in a process of its own that shall have none: where programs are found, and the cache of compiled
 * code, where the test run has one, so that the TypeScript of a host is not stripped at each start.
 */
export function bareEnvironment(): Record<string, string> {
  const { PATH = '', NODE_COMPILE_CACHE } = process.env
  return { PATH, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }) }
}
