/**
 * Throws hostile version feeds at what reads them: `npm run fuzz:feed -- [feeds] [seed]`, 100,000 by default. Ends with 0 if nothing was
 * shown that should not be. Prints the feed at which it failed, in base64.
 */
import { fuzzFeed } from '../test/version/fuzz-feed.ts'

const [feeds = 100_000, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number)
console.log(`${feeds} feeds, seed ${seed}`)
const started = performance.now()
const result = await fuzzFeed({ feeds, seed, say: console.log })
console.log(`${Math.round((performance.now() - started) / 1_000)} s; ${JSON.stringify(result)}`)
