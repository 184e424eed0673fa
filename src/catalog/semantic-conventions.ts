/**
 * The names of OpenTelemetry's semantic conventions that a catalog may use without its own prefix, and those that it may
 * never use because they point at a person, a machine or a place in it.
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

const REFUSED: ReadonlyArray<readonly [RegExp, string]> = [
  [/^host\.(id|name|ip|mac)\b/, 'identifies a machine'],
  [
    /^process\.(command|command_line|command_args|executable\.\w+|owner|pid|parent_pid|working_directory)\b/,
    'shows what runs on a machine, and often a path or a person',
  ],
  [/^(client|server|source|destination|network\.(peer|local))\./, 'is a network address'],
  [/^(user|enduser)\./, 'identifies a person'],
  [/^container\.(id|name|image\.\w+)\b/, 'identifies a container'],
  [/^k8s\./, 'identifies a cluster'],
  [/^cloud\.(account|resource_id)\b/, 'identifies an account'],
  [/^deployment\./, 'says how a customer calls an environment'],
  [/^service\./, 'is set by the report itself'],
  [/^telemetry\./, 'is set by the report itself'],
  [/^usage\./, 'is kept for the report itself'],
]

export const isPermittedConvention = (name: string): boolean => PERMITTED.has(name)

/** Why a name may not be declared, as the end of a sentence; `undefined` where it may. */
export const refusedConvention = (name: string): string | undefined =>
  REFUSED.find(([pattern]) => pattern.test(name))?.[1]
