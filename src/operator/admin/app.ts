/** The interface itself. Loaded with the first request. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Hono } from 'hono'
import * as v from 'valibot'
import { errorOf, URL } from '../../platform/index.ts'
import { createGate, type Purpose } from './access.ts'
import { createEventStreams } from './events.ts'
import { checkAddress, checkHost, checkSite, jsonOf, SAFE_HEADERS } from './guards.ts'
import { answerNode } from './node.ts'
import { openApi } from './openapi.ts'
import type { AdminSettings } from './options.ts'
import { PAGE_ROUTES } from './page.ts'
import { Refusal } from './problem.ts'
import { type Route, route, type Source } from './route.ts'
import { routesFor } from './routes/all.ts'
import type { AdministeredTelemetry } from './types.ts'

export interface App {
  /** Answers a request. `source` is that request as the host has it, for its `authorize`. */
  fetch(request: Request, source: Source): Promise<Response>
  node(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Ends all event streams. */
  close(): void
}

export function createApp(usage: AdministeredTelemetry, settings: AdminSettings): App {
  const { basePath, hosts, logger, clock } = settings
  const gate = createGate(settings)
  const streams = createEventStreams(usage, clock)
  const app = new Hono<{ Bindings: { readonly source: Source } }>()
  const description = route({
    method: 'GET',
    path: '/openapi.json',
    id: 'getDescription',
    summary: 'This document',
    purpose: 'read',
    produces: 'application/json',
    respond: async () => {
      document ??= openApi(described)
      return jsonAnswer(document)
    },
  })
  /** Returns the path of an operation as the router has it. */
  const pathOf = ({ path }: Route) => basePath + path.replaceAll(/\{(\w+)\}/g, ':$1')
  const described = [...routesFor(usage.catalog().levels), description]
  const routes = [...described, ...PAGE_ROUTES]
  let document: ReturnType<typeof openApi> | undefined

  app.use(async ({ req }, next) => {
    checkAddress(req.raw)
    checkHost(req.raw, hosts)
    checkSite(req.raw, hosts)
    await next()
  })
  if (basePath !== '')
    // Relative, so that it also holds behind a proxy that serves the product under another path.
    app.get(basePath, () => redirectTo(`${basePath.slice(basePath.lastIndexOf('/') + 1)}/`))
  for (const one of routes) {
    app.on(one.method, pathOf(one), async ({ req, env: { source } }) => {
      const by = await gate.admit(source, one.purpose)
      const url = new URL(req.url)
      const answer = await one.respond({
        usage,
        product: settings.product,
        streams,
        clock,
        by,
        mayWrite: () => isAdmitted(source, 'write'),
        isPermitted: () => isAdmitted(source, one.purpose),
        method: req.raw.method,
        path: parse(one.parameters, req.param(), 'path'),
        query: parse(one.query, queryOf(url), 'query'),
        body: one.body && parse(one.body, await jsonOf(req.raw), 'body'),
      })
      return answer instanceof Response ? answer : jsonAnswer(answer)
    })
  }
  for (const [path, allowed] of Map.groupBy(routes, pathOf))
    app.all(path, ({ req }) => {
      const allow = allowed
        .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
        .join(', ')
      throw new Refusal(
        'method-not-allowed',
        `${req.method} is not possible here. Possible: ${allow}.`,
        {},
        { allow },
      )
    })
  app.notFound(() => {
    throw new Refusal('not-found', `Nothing is here. ${basePath}/openapi.json lists what there is.`)
  })
  app.onError((error) => {
    if (error instanceof Refusal) return problemAnswer(error)
    logger.error(`A request about the usage telemetry has failed: ${errorOf(error).stack}`)
    return problemAnswer(new Refusal('failed', 'The log of the product has the reason.'))
  })

  const isAdmitted = (source: Source, purpose: Purpose) =>
    gate.admit(source, purpose).then(
      () => true,
      () => false,
    )

  async function fetch(request: Request, source: Source): Promise<Response> {
    const answer = await app.fetch(request, { source })
    for (const [name, value] of Object.entries(SAFE_HEADERS))
      if (!answer.headers.has(name)) answer.headers.set(name, value)
    return answer
  }
  return {
    fetch,
    node: (request, response) => answerNode((asked) => fetch(asked, request), request, response),
    close: () => streams.close(),
  }
}

const redirectTo = (location: string) => new Response(null, { status: 308, headers: { location } })

function queryOf({ searchParams }: URL): Record<string, string | readonly string[]> {
  const found: Record<string, string | readonly string[]> = Object.create(null)
  for (const name of new Set(searchParams.keys())) {
    const [value = '', ...others] = searchParams.getAll(name)
    found[name] = others.length === 0 ? value : [value, ...others]
  }
  return found
}

/** @throws {Refusal} with the status 400, which lists every mistake */
function parse(schema: v.GenericSchema | undefined, value: unknown, part: string): unknown {
  if (!schema) return undefined
  const { success, output, issues } = v.safeParse(schema, value)
  if (success) return output
  const mistakes = issues.map(
    (issue) => `${[part, v.getDotPath(issue) ?? []].flat().join('.')}: ${issue.message}`,
  )
  throw new Refusal('invalid', mistakes.join(' '), { mistakes })
}

const jsonAnswer = (value: unknown): Response => answerWith(value, 200, 'application/json')

const problemAnswer = ({ problem, headers }: Refusal): Response =>
  answerWith(problem, problem.status, 'application/problem+json', headers)

function answerWith(value: unknown, status: number, type: string, headers: object = {}): Response {
  return new Response(harmless(JSON.stringify(value)), {
    status,
    headers: { ...headers, 'content-type': type },
  })
}

/** Escapes what HTML and scripts read: a value stays a value, also where somebody puts an answer into a page. */
const harmless = (json: string): string =>
  json.replaceAll(/[<>&\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
