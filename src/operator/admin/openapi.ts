import { toJsonSchema } from '@valibot/to-json-schema'
import type * as v from 'valibot'
import { LIBRARY_VERSION } from '../../platform/index.ts'
import { type ProblemName, statusOf } from './problem.ts'
import type { Route } from './route.ts'
import { NAMED, Problem } from './schemas.ts'

type Json = Readonly<Record<string, unknown>>

/** Returns the OpenAPI 3.1 document of the operations. */
export function openApi(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const one of routes) {
    paths[one.path] ??= {}
    Object.assign(paths[one.path] as object, { [one.method.toLowerCase()]: operation(one) })
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Usage telemetry of this product',
      version: LIBRARY_VERSION,
      description: 'What the product reports about its usage, and what an administrator decides about that.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // Relative to this document, so that it also holds behind a proxy that serves the product under another path.
    servers: [{ url: '.' }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(NAMED).map(([name, schema]) => [name, inline(schema)])),
    },
  }
}

function operation({ id, summary, description, purpose, ...route }: Route): Json {
  const parameters = [...parametersIn('path', route.parameters), ...parametersIn('query', route.query)]
  return {
    operationId: id,
    summary,
    ...(description && { description }),
    tags: [purpose],
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: { required: true, content: { 'application/json': { schema: reference(route.body) } } },
    }),
    responses: {
      200: {
        description: 'Done',
        content: route.answer
          ? { 'application/json': { schema: reference(route.answer) } }
          : { [route.produces ?? '']: {} },
      },
      ...refusals([...GENERAL, ...(route.body ? WITH_BODY : []), ...(route.refusals ?? [])]),
    },
  }
}

/** Refusals of every operation, and of those with a body. */
const GENERAL: readonly ProblemName[] = [
  ...(['invalid', 'not-signed-in', 'not-permitted', 'foreign-site'] as const),
  ...(['address-too-long', 'unknown-host', 'failed'] as const),
]
const WITH_BODY: readonly ProblemName[] = ['too-large', 'not-json']

function refusals(names: readonly ProblemName[]): Json {
  const content = { 'application/problem+json': { schema: reference(Problem) } }
  const byStatus = Map.groupBy(names, statusOf)
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [status, { description: names.join(', '), content }]),
  )
}

function parametersIn(location: 'path' | 'query', schema: v.GenericSchema | undefined): Json[] {
  if (!schema) return []
  const { properties = {}, required = [] } = inline(schema) as {
    readonly properties?: Record<string, Json>
    readonly required?: readonly string[]
  }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: location,
    ...(description !== undefined && { description }),
    ...((location === 'path' || required.includes(name)) && { required: true }),
    schema,
  }))
}

/** Returns a schema by its name, where it has one. */
function reference(schema: v.GenericSchema): Json {
  const [name] = Object.entries(NAMED).find(([, one]) => one === schema) ?? []
  return name === undefined ? inline(schema) : { $ref: `#/components/schemas/${name}` }
}

function inline(schema: v.GenericSchema): Json {
  const own = Object.fromEntries(Object.entries(NAMED).filter(([, one]) => one !== schema))
  const {
    $schema: _,
    $defs: __,
    ...rest
  } = toJsonSchema(schema, {
    target: 'draft-2020-12',
    definitions: own,
    ignoreActions: ['readonly'],
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  }) as Json
  return rest
}
