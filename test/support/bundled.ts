import { chmodSync } from 'node:fs'
import path from 'node:path'
import { buildSync } from 'esbuild'
import { createScratch } from './scratch.ts'

/**
 * Bundles a program with all that it imports, packages included, and returns the new file. It starts in half of the processor time: a test
 * with a hundred processes would spend most of its time on resolving and reading hundreds of modules.
 *
 * @param directory Where it is written. Default: a directory that everybody can read, and that is gone with this process.
 */
export function bundled(file: string, directory = ownDirectory()): string {
  buildSync({
    entryPoints: [file],
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: `node${process.versions.node}`,
    // Packages in CommonJS require modules of Node.js.
    banner: {
      js: `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url)`,
    },
    logLevel: 'error',
  })
  return path.join(directory, `${path.basename(file, '.ts')}.mjs`)
}

let own: string | undefined

function ownDirectory(): string {
  if (own !== undefined) return own
  const scratch = createScratch()
  process.once('exit', scratch[Symbol.dispose])
  // Some tests run a program as another user.
  chmodSync(scratch.directory, 0o755)
  own = scratch.directory
  return own
}
