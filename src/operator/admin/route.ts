import type { IncomingMessage } from 'node:http'
import type * as v from 'valibot'
import type { Clock } from '../../platform/index.ts'
import type { Purpose } from './access.ts'
import type { EventStreams } from './events.ts'
import type { AdminSettings } from './options.ts'
import type { ProblemName } from './problem.ts'
import type { AdministeredTelemetry } from './types.ts'

type Schema = v.GenericSchema
type Given<S extends Schema | undefined> = S extends Schema ? v.InferOutput<S> : undefined

/** Request that was admitted, and whose parts are valid. */
export interface Call<
  P extends Schema | undefined,
  Q extends Schema | undefined,
  B extends Schema | undefined,
> {
  readonly usage: AdministeredTelemetry
  readonly product: AdminSettings['product']
  readonly streams: EventStreams
  readonly clock: Clock
  /** Name of the person who asks. */
  readonly by: string
  /** Returns whether that person may still do this. */
  readonly isPermitted: () => Promise<boolean>
  /** Returns whether that person may decide. */
  readonly mayWrite: () => Promise<boolean>
  readonly method: string
  readonly path: Given<P>
  readonly query: Given<Q>
  readonly body: Given<B>
}

/** Operation of the interface: its parameters, its answer, and the right that it needs. Requests are validated by it, and OpenAPI is made from it. */
export interface Route<
  P extends Schema | undefined = Schema | undefined,
  Q extends Schema | undefined = Schema | undefined,
  B extends Schema | undefined = Schema | undefined,
  A extends Schema | undefined = Schema | undefined,
> {
  readonly method: 'GET' | 'PUT' | 'POST'
  /** Path below the base path, with parameters in braces. */
  readonly path: string
  readonly id: string
  readonly summary: string
  readonly description?: string
  readonly purpose: Purpose
  readonly parameters?: P
  readonly query?: Q
  readonly body?: B
  /** JSON of the answer. Default: the answer is a `Response` of the type `produces`. */
  readonly answer?: A
  /** Type of an answer that is not made from a schema. */
  readonly produces?: string
  /** Refusals beside those that every operation has. */
  readonly refusals?: readonly ProblemName[]
  respond(call: Call<P, Q, B>): Promise<A extends Schema ? v.InferOutput<A> | Response : Response>
}

/** Declares an operation, with the types of its parts. */
export function route<
  P extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
  A extends Schema | undefined = undefined,
>(definition: Route<P, Q, B, A>): Route {
  return definition as unknown as Route
}

export type Source = IncomingMessage | Request
