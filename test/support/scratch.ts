import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** An empty directory that is gone when the test is over: `using scratch = createScratch()`. */
export function createScratch(): Disposable & { readonly directory: string } {
  const directory = mkdtempSync(path.join(tmpdir(), 'otel-usage-test-'))
  return { directory, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) }
}
