/** Watches a host and prints who watched, or why nobody could: `node observer.ts TRACER`. */
import { type ObserveOptions, observeHost, straceProblem } from '../../../src/testing/index.ts'

const tracer = process.argv[2] as NonNullable<ObserveOptions['tracer']>
const outcome = await observeHost({ command: [process.execPath, '--eval', '0'], tracer }).catch(
  (error) => error,
)
console.log(JSON.stringify({ tracer: outcome.tracer, code: outcome.code, problem: await straceProblem() }))
