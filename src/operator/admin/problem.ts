import type { Problem } from './schemas.ts'

/** Answers that are not what was asked for, by the end of their `type` (RFC 9457): status and title. */
const PROBLEMS = {
  invalid: [400, 'The request is not valid'],
  'not-signed-in': [401, 'Nobody has signed in'],
  'not-permitted': [403, 'This is not permitted'],
  'foreign-site': [403, 'The request comes from another site'],
  'not-found': [404, 'There is nothing here'],
  'method-not-allowed': [405, 'The method is not allowed'],
  'consent-changed': [409, 'Somebody has decided meanwhile'],
  'not-acknowledged': [409, 'The advisory was not acknowledged'],
  'not-exported': [409, 'Nothing was exported'],
  'consent-locked': [409, 'The consent is locked'],
  'too-large': [413, 'The body is too large'],
  'address-too-long': [414, 'The address is too long'],
  'not-json': [415, 'The body is not JSON'],
  'unknown-host': [421, 'The host has another name'],
  failed: [500, 'The handler has failed'],
  'not-stored': [503, 'It could not be stored'],
  busy: [503, 'Too many event streams are open'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ProblemName = keyof typeof PROBLEMS

/** Refusal of a request, as problem details (RFC 9457). */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>

  /** @param detail full sentences for the person who asks */
  constructor(
    name: ProblemName,
    detail: string,
    more: Partial<Problem> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail)
    const [status, title] = PROBLEMS[name]
    this.problem = { type: `${TYPES}${name}`, title, status, detail, ...more }
    this.headers = headers
  }
}

/** Returns the status of a problem. */
export const statusOf = (name: ProblemName): number => PROBLEMS[name][0]

/** Beginning of the types of problems: a tag (RFC 4151), which names them and leads nowhere. */
const TYPES = 'tag:otel-usage,2026:'
