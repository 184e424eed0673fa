/** Feed: builds, checks and signs the version feed of a product, and imports advisories. */
export { advisoriesIn } from './advisories.ts'
export { type BuildOptions, buildFeed, remarksOn } from './build-feed.ts'
export { FeedError } from './errors.ts'
export { createKeyPair, readPrivateKey, signFeed } from './keys.ts'
