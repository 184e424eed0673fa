/** Builds the package: bundled JavaScript with few files (an import costs by the file), and declarations beside it. */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const root = path.resolve(import.meta.dirname, '..')
/** Built apart from the others: each door that shares code splits it into more files, and a host would start with five. */
const hostDoors = {
  index: 'src/index.ts',
  sdk: 'src/sdk.ts',
}
const otherDoors = {
  gateway: 'src/gateway/index.ts',
  insights: 'src/insights/index.ts',
  packs: 'src/packs/index.ts',
  postgres: 'src/postgres.ts',
  testing: 'src/testing/index.ts',
  bin: 'src/bin.ts',
  // Started as processes of their own, and found beside the module that starts them.
  'testing-hooks': 'src/testing/testing-hooks.ts',
  guard: 'src/gateway/process/guard.ts',
  detached: 'src/telemetry/detached.ts',
  'clickhouse-engine': 'src/gateway/clickhouse/clickhouse-engine.ts',
}

rmSync(path.join(root, 'dist'), { recursive: true, force: true })
for (const entryPoints of [hostDoors, otherDoors]) {
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir: 'dist',
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node22.15',
    legalComments: 'none',
    chunkNames: '[name]-[hash]',
    logLevel: 'warning',
  })
}
execFileSync(
  process.execPath,
  [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
  {
    cwd: root,
    stdio: 'inherit',
  },
)
