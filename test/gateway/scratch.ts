import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'

/** A directory that is gone after the test. */
export async function scratchDirectory(t: Pick<TestContext, 'after'>): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'otel-usage-'))
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  return directory
}

/** Puts an executable script there. */
export async function script(file: string, ...lines: string[]): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, `#!/bin/sh\n${lines.join('\n')}\n`)
  await chmod(file, 0o755)
  return file
}

/** An environment in which only the system's own commands are on the PATH, and what lies in `bin`. */
export function bareEnvironment(home: string): Record<string, string> {
  return { HOME: home, PATH: [path.join(home, 'bin'), '/usr/bin', '/bin'].join(path.delimiter) }
}

/** Waits until something is so, asked each 20 milliseconds or less often, and fails with its name after the deadline. */
export async function until(
  what: string,
  ask: () => boolean | Promise<boolean>,
  within = 90_000,
  every = 20,
): Promise<void> {
  const deadline = performance.now() + within
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${within} ms`)
    await new Promise((resolve) => setTimeout(resolve, every))
  }
}
