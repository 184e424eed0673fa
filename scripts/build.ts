/** Builds the package: bundled JavaScript with few files (an import costs by the file), and declarations beside it. */
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Metafile, type Plugin, transform } from 'esbuild'
import { buildPage } from './build-page.ts'
import { writeCommonJsDoors } from './commonjs-doors.ts'
import { throughDoors } from './through-doors.ts'

const root = path.resolve(import.meta.dirname, '..')
/** Doors that are built separately: each further door would split the shared code into more files, and a host would load five. */
const hostDoors = {
  index: 'src/index.ts',
  sdk: 'src/sdk.ts',
  // It has the test kit, which is the whole library.
  testing: 'src/testing.ts',
}
const otherDoors = {
  admin: 'src/admin.ts',
  cli: 'src/cli.ts',
  gateway: 'src/gateway.ts',
  insights: 'src/insights.ts',
  packs: 'src/packs.ts',
  postgres: 'src/postgres.ts',
  bin: 'src/bin.ts',
  // Scripts that run as child processes, and lie beside the module that starts them.
  'testing-hooks': 'src/testing/testing-hooks.ts',
  guard: 'src/maintainer/stack/process/guard.ts',
  'otel-usage-detached': 'src/library/telemetry/otel-usage-detached.ts',
  'clickhouse-engine': 'src/maintainer/stack/clickhouse/clickhouse-engine.ts',
}

const options = {
  absWorkingDir: root,
  bundle: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node22.15',
  legalComments: 'none',
  logLevel: 'warning',
} as const satisfies BuildOptions

/** Packages that are built into the files that use them, with all that they need, so that no host installs them. */
const BUNDLED = /^(?:hono|valibot|@valibot\/to-json-schema|@observablehq\/plot|string-width)$/

const bundled: Plugin = {
  name: 'bundled packages',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, importer }) => {
      // From where it is imported: another version of it may lie nearer to the root.
      if (importer.includes('/node_modules/')) return { path: createRequire(importer).resolve(path) }
      return BUNDLED.test(path) ? { path: fileURLToPath(import.meta.resolve(path)) } : undefined
    })
  },
}

/** Keeps dynamic imports: they load other files of the build. */
const dynamicImportsStay: Plugin = {
  name: 'dynamic imports stay',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    )
  },
}

/** Rooms of which a command such as `gateway guard`, which stays as long as the gateway, loads a few files only. */
const MAINTAINER = /[\\/]src[\\/]maintainer[\\/]/

rmSync(path.join(root, 'dist'), { recursive: true, force: true })
/** Names that each file of the build exports. */
const exported = new Map<string, readonly string[]>()
/** Folders of the packages that are built in. */
const built = new Set<string>()
for (const entryPoints of [hostDoors, otherDoors]) {
  const { metafile } = await build({
    ...options,
    entryPoints,
    outdir: 'dist',
    plugins: [throughDoors(entryPoints === hostDoors ? /./ : MAINTAINER), bundled],
    splitting: true,
    chunkNames: '[name]-[hash]',
    metafile: true,
  })
  for (const [file, { exports }] of Object.entries(metafile.outputs)) exported.set(file, exports)
  notePackages(metafile)
  await minifyPackages(metafile)
  if (entryPoints === hostDoors) await joinChunks('dist/index.js', 'dist/host.js', metafile)
}
notePackages(await buildPage())
writeFileSync(
  path.join(root, 'dist/THIRD-PARTY-NOTICES.txt'),
  [...built].toSorted().map(noticeOf).join('\n\n'),
)
execFileSync(
  process.execPath,
  [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
  {
    cwd: root,
    stdio: 'inherit',
  },
)
const { exports } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const doors = Object.values<{ readonly import?: { readonly default: string } }>(exports)
  .flatMap((target) => target.import?.default ?? [])
  .map((file) => [path.basename(file, '.js'), exported.get(path.normalize(file)) ?? []] as const)
writeCommonJsDoors(path.join(root, 'dist'), new Map(doors))
removeUnusedDeclarations(doors.map(([door]) => `dist/${door}.d.ts`))

/** Removes the declarations that no door leads to: nobody can import them, and they would be a tenth of the package. */
function removeUnusedDeclarations(doors: readonly string[]): void {
  const used = new Set(doors)
  for (const file of used)
    for (const [, to = ''] of readFileSync(path.join(root, file), 'utf8').matchAll(
      /['"](\.[^'"]+)\.[jt]s['"]/g,
    ))
      used.add(path.posix.join(path.posix.dirname(file), `${to}.d.ts`))
  for (const file of globSync('dist/**/*.d.ts', { cwd: root }))
    if (!used.has(file.replaceAll(path.sep, '/'))) rmSync(path.join(root, file))
}

/** Makes the files small that packages are built into. */
async function minifyPackages({ outputs }: Metafile): Promise<void> {
  for (const [file, { inputs }] of Object.entries(outputs)) {
    if (!Object.keys(inputs).some((input) => input.startsWith('node_modules/'))) continue
    const absolute = path.join(root, file)
    const { format, target } = options
    writeFileSync(
      absolute,
      (await transform(readFileSync(absolute, 'utf8'), { minify: true, format, target })).code,
    )
  }
}

/** Remembers the packages of a build, for their licences. */
function notePackages({ inputs }: Metafile): void {
  for (const file of Object.keys(inputs)) {
    const [folder] = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []
    if (folder !== undefined) built.add(folder)
  }
}

/** Returns the licence of a package, which its authors ask to be passed on with it. */
function noticeOf(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'))
  const [license = ''] = globSync(`${folder}/{LICENSE,license}*`, { cwd: root })
  return `${name} ${version}\n\n${readFileSync(path.join(root, license), 'utf8').trim()}\n`
}

/**
 * Joins the chunks that a door imports into one file. esbuild makes a chunk for each set of doors that share code, has no option against
 * it, and each chunk would cost a host almost a millisecond at its start.
 */
async function joinChunks(door: string, joined: string, { outputs }: Metafile): Promise<void> {
  const importsOf = (file: string) =>
    (outputs[file]?.imports ?? [])
      .filter(({ kind, external }) => kind === 'import-statement' && !external)
      .map((one) => one.path)
  const chunks = new Set(importsOf(door))
  for (const chunk of chunks) for (const other of importsOf(chunk)) chunks.add(other)
  const names = [...chunks].flatMap((chunk) => outputs[chunk]?.exports ?? [])
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice)
    throw new Error(
      `Two chunks of ${door} export '${twice}', so that they cannot be joined: give one of them another name.`,
    )

  await build({
    ...options,
    stdin: {
      contents: [...chunks].map((chunk) => `export * from './${chunk}'`).join('\n'),
      resolveDir: root,
    },
    outfile: joined,
    plugins: [dynamicImportsStay],
  })
  for (const chunk of chunks) rmSync(path.join(root, chunk))
  for (const file of Object.keys(outputs).filter((file) => !chunks.has(file))) {
    const absolute = path.join(root, file)
    const text = readFileSync(absolute, 'utf8')
    const named = text.replaceAll(/"\.\/(chunk-\w+\.js)"/g, (whole, chunk) =>
      chunks.has(`dist/${chunk}`) ? `"./${path.basename(joined)}"` : whole,
    )
    writeFileSync(absolute, named)
  }
}
