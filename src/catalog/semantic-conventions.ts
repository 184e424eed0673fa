/**
 * Names of OpenTelemetry's semantic conventions that a catalog may use without its own prefix, and names that it must not use because
 * they identify a person, a machine or a path on a machine.
 * Source: https://opentelemetry.io/docs/specs/semconv/ (1.45). Unstable names are copied, as the conventions advise.
 */
const PERMITTED: ReadonlySet<string> = new Set([
  'app.build_id',
  'cloud.platform',
  'cloud.provider',
  'cloud.region',
  'container.runtime.name',
  'db.system.name',
  'host.arch',
  'os.build_id',
  'os.description',
  'os.name',
  'os.type',
  'os.version',
  'process.runtime.name',
  'process.runtime.version',
  'process.uptime',
  'system.uptime',
  'vcs.ref.head.revision',
])

/** Refused names, by their first word: the reason, and a pattern when only some names with that word are refused. */
const REFUSED: ReadonlyMap<string, readonly [why: string, names?: RegExp]> = new Map([
  ['host', ['identifies a machine', /^host\.(id|name|ip|mac)\b/]],
  [
    'process',
    [
      'shows what runs on a machine, and often a path or a person',
      /^process\.(command|command_line|command_args|executable\.\w+|owner|pid|parent_pid|working_directory)\b/,
    ],
  ],
  ['client', ['is a network address']],
  ['server', ['is a network address']],
  ['source', ['is a network address']],
  ['destination', ['is a network address']],
  ['network', ['is a network address', /^network\.(peer|local)\./]],
  ['user', ['identifies a person']],
  ['enduser', ['identifies a person']],
  ['container', ['identifies a container', /^container\.(id|name|image\.\w+)\b/]],
  ['k8s', ['identifies a cluster']],
  ['cloud', ['identifies an account', /^cloud\.(account|resource_id)\b/]],
  ['deployment', ['says how a customer calls an environment']],
  ['service', ['is set by the report itself']],
  ['telemetry', ['is set by the report itself']],
  ['usage', ['is kept for the report itself']],
])

export const isPermittedConvention = (name: string): boolean => PERMITTED.has(name)

/** Returns the reason why a name is refused, as the end of a sentence; `undefined` when the name is accepted. */
export function refusedConvention(name: string): string | undefined {
  const end = name.indexOf('.')
  const [why, names] = REFUSED.get(name.slice(0, Math.max(end, 0))) ?? []
  return names === undefined || names.test(name) ? why : undefined
}
