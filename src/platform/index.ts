/**
 * Platform: everything that the library uses of its process (time, files, the environment, a logger), and errors in the
 * maintainer's configuration. Effects can be passed in, so that no test has to patch anything. The only room that uses globals.
 */
export { AbortController, AbortSignal } from './abort.ts'
export {
  answerOfHost,
  answerOfHostNow,
  askHost,
  askHostNow,
  codeOf,
  errorOf,
  type HostAnswer,
  tellHost,
} from './calls.ts'
export { type Clock, isTime, systemClock, type Timer } from './clock.ts'
export { inOwnContext, outsideHostContext, ownContext } from './context.ts'
export { distanceOf } from './distance.ts'
export { type Duration, parseDuration } from './duration.ts'
export { leavesUnencrypted, metricsUrl, readEndpoint } from './endpoint.ts'
export {
  type Environment,
  readEnvironment,
  systemEnvironment,
  systemHasTerminal,
  systemHome,
} from './environment.ts'
export {
  effectiveUser,
  type FileFunctions,
  type FileStatus,
  type OpenFile,
  openFlags,
  pathOf,
  readTextFile,
  systemFiles,
} from './files.ts'
export { globalMeterProvider } from './global-meter-provider.ts'
export { keepingProcessAlive } from './keep-alive.ts'
export { type Logger, safeLogger, silentLogger } from './logger.ts'
export { describeValue, type Mistake, UsageConfigurationError } from './mistakes.ts'
export { createMutex } from './mutex.ts'
export {
  Buffer,
  createDeferred,
  Date,
  groupBy,
  process,
  random as systemRandom,
  TextDecoder,
  TextEncoder,
  URL,
} from './natives.ts'
export {
  memberOf,
  NO_OPTIONS,
  type OptionNames,
  ownOf,
  ownOptions,
  parseOwn,
  unknownName,
} from './own-options.ts'
export { absolutePath, isPath, pathProblem } from './paths.ts'
export { bootOfMachine, type ProcessOwner, processOwner } from './process-owner.ts'
export { randomUuid, randomWord, sha256 } from './random.ts'
export { OLDEST_NODE, unsuitableRuntime } from './runtime.ts'
export { safeClock } from './safe-clock.ts'
export { systemStderr } from './stderr.ts'
export { LIBRARY_VERSION } from './version.ts'
export { onNextTurn, yieldToEventLoop } from './yield.ts'
