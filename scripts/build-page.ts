import { copyFileSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { build, type Metafile, type Plugin, transform } from 'esbuild'
import { throughDoors } from './through-doors.ts'

const root = path.resolve(import.meta.dirname, '..')

/** Builds the operator's page, which runs in a browser: one module with everything, and the document around it. */
export async function buildPage(): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { page: 'src/operator/page/index.ts' },
    outdir: 'dist/page',
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    legalComments: 'none',
    logLevel: 'warning',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    tsconfigRaw: {},
    plugins: [throughDoors(/./), styleAsText],
    metafile: true,
  })
  for (const file of ['index.html', 'page.css'])
    copyFileSync(path.join(root, 'src/operator/page', file), path.join(root, 'dist/page', file))
  return metafile
}

/** Gives a module the text of a style sheet: the page hands it to its shadow root. */
const styleAsText: Plugin = {
  name: 'style as text',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path: file }) => {
      const { code } = await transform(readFileSync(file, 'utf8'), { loader: 'css', minify: true })
      return { contents: code, loader: 'text' }
    })
  },
}
