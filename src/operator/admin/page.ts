/** The page: files that the build has made, with a policy that lets them run and nothing else. */
import { readFile } from 'node:fs/promises'
import { URL } from '../../platform/index.ts'
import { route } from './route.ts'

/** Files of the page by their paths, with their types. */
const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
} as const

/** Folder of the files: beside the built library, which tests run from its sources. */
const FOLDER = new URL(import.meta.url.endsWith('.ts') ? '../../../dist/page/' : './page/', import.meta.url)

/**
 * Policy of the page. Scripts, styles and answers come from the product alone; a script in a text that is shown cannot run. The product
 * may embed the page, and nobody else.
 */
const POLICY = [
  ...[
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
  ],
  ...[
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    "require-trusted-types-for 'script'",
  ],
].join('; ')

export const PAGE_ROUTES = Object.entries(FILES).map(([path, [file, type]]) =>
  route({
    method: 'GET',
    path,
    id: file,
    summary: 'A file of the page',
    purpose: 'read',
    produces: type,
    respond: async () =>
      new Response(await readFile(new URL(file, FOLDER)), {
        headers: {
          'content-type': type,
          'content-security-policy': POLICY,
          'x-frame-options': 'SAMEORIGIN',
        },
      }),
  }),
)
