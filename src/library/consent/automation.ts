/**
 * Detects from the environment whether a CI system, a test runner or an AI agent runs the process. Loaded only if the product asks for it.
 *
 * The names are those of the package `std-env`; a test compares them. The package itself only reads the environment of the process,
 * and takes `CI=false` for a CI system.
 */
import { type Environment, systemHasTerminal } from '../../platform/index.ts'
import { DISABLING_WORDS } from './words.ts'

/** AI agents, and the variables that they set. */
const AGENTS: ReadonlyArray<readonly [name: string, ...variables: string[]]> = [
  ['claude', 'CLAUDECODE', 'CLAUDE_CODE'],
  ['replit', 'REPL_ID'],
  ['gemini', 'GEMINI_CLI'],
  ['codex', 'CODEX_SANDBOX', 'CODEX_THREAD_ID'],
  ['opencode', 'OPENCODE'],
  ['auggie', 'AUGMENT_AGENT'],
  ['goose', 'GOOSE_PROVIDER'],
  ['junie', 'JUNIE_DATA', 'JUNIE_SHIM_PATH'],
  ['copilot', 'COPILOT_AGENT', 'COPILOT_CLI'],
  ['cursor', 'CURSOR_AGENT'],
]

/** Agents that are recognized by what they put into a variable of another purpose. */
const TRACES: ReadonlyArray<readonly [name: string, variable: string, trace: RegExp]> = [
  ['pi', 'PATH', /\.pi[\\/]agent/],
  ['devin', 'EDITOR', /devin/],
]

/** Agents that are recognized in the same way, but only without a terminal: with one, a person may be using the editor. */
const TRACES_WITHOUT_TERMINAL: typeof TRACES = [['kiro', 'TERM_PROGRAM', /kiro/]]

/** Services that build, test and deploy, and the variables that they set. */
const SERVICES: ReadonlyArray<readonly [name: string, ...variables: string[]]> = [
  ['appveyor', 'APPVEYOR'],
  ['aws_amplify', 'AWS_APP_ID'],
  ['azure_pipelines', 'SYSTEM_TEAMFOUNDATIONCOLLECTIONURI'],
  ['azure_static', 'INPUT_AZURE_STATIC_WEB_APPS_API_TOKEN'],
  ['appcircle', 'AC_APPCIRCLE'],
  ['bamboo', 'bamboo_planKey'],
  ['bitbucket', 'BITBUCKET_COMMIT'],
  ['bitrise', 'BITRISE_IO'],
  ['buddy', 'BUDDY_WORKSPACE_ID'],
  ['buildkite', 'BUILDKITE'],
  ['circle', 'CIRCLECI'],
  ['cirrus', 'CIRRUS_CI'],
  ['cloudflare_pages', 'CF_PAGES'],
  ['cloudflare_workers', 'WORKERS_CI'],
  ['google_cloudrun', 'K_SERVICE'],
  ['google_cloudrun_job', 'CLOUD_RUN_JOB'],
  ['codebuild', 'CODEBUILD_BUILD_ARN'],
  ['codefresh', 'CF_BUILD_ID'],
  ['drone', 'DRONE', 'DRONE_BUILD_EVENT'],
  ['dsari', 'DSARI'],
  ['github_actions', 'GITHUB_ACTIONS'],
  ['gitlab', 'GITLAB_CI', 'CI_MERGE_REQUEST_ID'],
  ['gocd', 'GO_PIPELINE_LABEL'],
  ['layerci', 'LAYERCI'],
  ['jenkins', 'JENKINS_URL'],
  ['hudson', 'HUDSON_URL'],
  ['magnum', 'MAGNUM'],
  ['netlify', 'NETLIFY'],
  ['nevercode', 'NEVERCODE'],
  ['render', 'RENDER'],
  ['sail', 'SAILCI'],
  ['semaphore', 'SEMAPHORE'],
  ['screwdriver', 'SCREWDRIVER'],
  ['shippable', 'SHIPPABLE'],
  ['solano', 'TDDIUM'],
  ['strider', 'STRIDER'],
  ['teamcity', 'TEAMCITY_VERSION'],
  ['travis', 'TRAVIS'],
  ['vercel', 'NOW_BUILDER'],
  ['appcenter', 'APPCENTER_BUILD_ID'],
  ['stackblitz', 'STACKBLITZ'],
  ['stormkit', 'STORMKIT'],
  ['cleavr', 'CLEAVR'],
  ['zeabur', 'ZEABUR'],
  ['codesphere', 'CODESPHERE_APP_ID'],
  ['railway', 'RAILWAY_PROJECT_ID', 'RAILWAY_SERVICE_ID'],
  ['deno-deploy', 'DENO_DEPLOY', 'DENO_DEPLOYMENT_ID'],
  ['firebase_app_hosting', 'FIREBASE_APP_HOSTING'],
  ['edgeone_pages', 'EO_PAGES_CI'],
]

/**
 * Returns a name for the message, such as `CI github_actions`; `undefined` if none is found, which proves nothing. A variable that is
 * set to a word for no (`CI=false`, `CLAUDECODE=0`) does not count.
 */
export function detectAutomation(
  environment: Environment,
  hasTerminal: () => boolean = systemHasTerminal,
): string | undefined {
  const said = (name: string): string => {
    const value = environment[name]?.trim().slice(0, 200) ?? ''
    return DISABLING_WORDS.includes(value.toLowerCase()) ? '' : value
  }
  const setBy = (known: typeof AGENTS) =>
    known.find(([, ...variables]) => variables.some((name) => said(name) !== ''))?.[0]

  const tracedBy = (known: typeof TRACES) =>
    known.find(([, name, trace]) => trace.test(environment[name] ?? ''))?.[0]

  const unseen = tracedBy(TRACES_WITHOUT_TERMINAL)
  const agent =
    said('AI_AGENT').toLowerCase() ||
    setBy(AGENTS) ||
    tracedBy(TRACES) ||
    (unseen && !hasTerminal() ? unseen : undefined)
  if (agent) return `the agent ${agent}`
  const service = setBy(SERVICES)
  if (service !== undefined || said('CI') !== '') return `CI ${service ?? ''}`.trim()
  return said('NODE_ENV') === 'test' || said('TEST') !== '' ? 'a test' : undefined
}
