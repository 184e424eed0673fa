/** The module that test files get as `node:test` while mutants are tested. It keeps their tests, so that each can run many times. */

import { type MockTracker, mock } from 'node:test'

export { mock }

/** The part of a test's context that the tests of these rooms use. */
export interface Context {
  after(end: () => unknown): void
  readonly mock: MockTracker
}

type Body = (t: Context) => unknown

export interface KeptTest {
  /** Its file and its name. */
  readonly id: string
  readonly body: Body
  /** Hooks that run after each test of its file. */
  readonly ends: ReadonlyArray<() => unknown>
}

/** Tests in the order in which they were declared. */
export const kept: KeptTest[] = []
/** Hooks that run once, before the first test. */
export const hooks: Array<() => unknown> = []

let underFile = ''
let endsOfFile: Array<() => unknown> = []

/** Loads a test file. */
export async function load(file: string, url: string): Promise<void> {
  underFile = file
  endsOfFile = []
  await import(url)
}

export function test(name: string, ...rest: ReadonlyArray<Body | { readonly skip?: unknown }>): void {
  const [options, body] = rest.length > 1 ? rest : [{}, rest[0]]
  if (typeof options === 'object' && options.skip) return
  kept.push({ id: `${underFile}: ${name}`, body: body as Body, ends: endsOfFile })
}

export const before = (hook: () => unknown): void => void hooks.push(hook)

export const afterEach = (hook: () => unknown): void => void endsOfFile.push(hook)

/** Does nothing: the process ends with the tests. */
export const after = (): void => {}
